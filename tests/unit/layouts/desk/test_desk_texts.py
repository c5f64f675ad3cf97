"""Sentences that stand in tables are in every catalogue, too."""

import pytest

from callbacks import answers, feedcalls
from layouts import notices
from layouts.desk import (
    alertform,
    alertrows,
    alerts,
    catalogue,
    cataloguebar,
    compare,
    course,
    facts,
    feeddetail,
    feedform,
    feedlists,
    feedpanel,
    feedquarantine,
    feedrows,
    feedsum,
    frame,
    indicatorpanel,
    lately,
    load,
    noticelist,
    reasons,
    scorepanel,
    sentence,
    told,
    values,
)
from layouts.desk.pages import DESKS
from metrics import INDICATORS
from texts import LOCALES
from texts import load as catalogue_of

TABLES = (
    *(text for pair in sentence.SAID.values() for text in pair),
    *sentence.PLAIN,
    *sentence.GENERAL,
    *sentence.HELD,
    sentence.OVER_FLOOD,
    sentence.REST,
    *lately.HAPPENED.values(),
    *noticelist.SEVERITY.values(),
    *notices.WORDS.values(),
    *notices.STATUSES.values(),
    *told.STEPS.values(),
    *told.MOVES.values(),
    *values.QUALITY_WORDS.values(),
    *alertform.WORDS.values(),
    *alerts.WORDS.values(),
    *(word for *_, word in alertrows.COLUMNS),
    *(word for _, word in feedrows.COLUMNS),
    *(word for _, word in catalogue.COLUMNS),
    *(text for _, _, word, more in feedsum.SUMMARY for text in (word, more)),
    *(
        word
        for table in (feedpanel.TROUBLE, feedpanel.CLOCKS, feedpanel.PAPERS)
        for _, word in table
    ),
    feedpanel.CHOOSE,
    *feeddetail.GIVES.values(),
    *feedlists.WORDS.values(),
    *feedlists.GIVES.values(),
    *feedform.WORDS.values(),
    feedform.REPLAY_SOME,
    *(word for word, _ in feedquarantine.COLUMNS),
    feedcalls.ASKED,
    feedcalls.NOTHING,
    *feedcalls.REASONS,
    feedform.PUSHED,
    feedform.HEARD,
    *(word for _, word in feedquarantine.PAGERS),
    feedquarantine.TITLE,
    feedquarantine.SILENT,
    feedquarantine.NEVER,
    feedquarantine.GONE,
    feedquarantine.NO_SUCH,
    *(word for _, word in feedsum.WIDE),
    *(word for _, word in indicatorpanel.NOW),
    *(word for _, word in indicatorpanel.COLUMNS),
    *compare.VERDICTS.values(),
    *course.SAID.values(),
    *facts.FORMULAS.values(),
    *reasons.BANDS,
    *reasons.TITLES,
    *(word for _, word in cataloguebar.STATES),
    *scorepanel.TERMS.values(),
    *(word for _, word in load.LIMITS),
    *(word for _, _, word, _ in frame.ROOMS),
    *answers.DONE.values(),
    answers.TAKEN,
    answers.WITHDRAWN,
    answers.UNREACHED,
    *(scene.title for scene in DESKS.values()),
    *(one.domain.capitalize() for one in INDICATORS.values()),
    *(one.time_aggregation for one in INDICATORS.values()),
    *(one.district_aggregation for one in INDICATORS.values()),
    *(one.source for one in INDICATORS.values()),
)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_of_the_desks_tables_is_in_the_catalogue(locale: str) -> None:
    known = catalogue_of(locale).plain

    assert sorted({text for text in TABLES if text and text not in known}) == []
