"""What people ask of feeds: retry now, and read the quarantine again."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog

import feeds
from history import History
from model import Case, Command, Fact, Feed, Outcome, Parsed
from pipeline.admission import admit
from pipeline.feedbook import FeedBook
from pipeline.polling import Poller
from pipeline.rereading import Verdict, batches, judge, kept_rows
from store import Store, StoreError

log = structlog.get_logger("feeds")

SCOPE = "feed:"
RETRY_S = 1.0


@dataclass(slots=True)
class Caretaker:
    """Carries out commands about feeds and answers each.

    A command that was under way when the worker died is taken again by the next one and goes on
    with the rows that are left.
    """

    feeds: Sequence[Feed]
    store: Store
    history: History
    book: FeedBook
    poller: Poller
    clock: Callable[[], datetime]
    stop: threading.Event
    _replays: set[str] = field(default_factory=set)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @staticmethod
    def concerns(command: Command) -> bool:
        """Whether a command is about a feed."""
        return command.occurrence.startswith(SCOPE)

    def command(self, command: Command) -> None:
        """Carry out a command; a replay goes on by itself and answers when it is done."""
        feed = self._feed(command)
        if feed is None or command.call not in ("poll", "replay"):
            self._answer(command, "unknown", "the worker knows no such feed or call")
        elif command.call == "poll":
            changed, reason = self.poller.poll_now(feed.id, self.clock())
            self._answer(command, "applied" if changed else "noop", reason)
        elif feeds.KINDS[feed.kind].again is None:
            reason = f"kind {feed.kind!r} cannot read rows again"
            self._answer(command, "rejected", reason)
        elif command.command_id not in self._replays:
            self._replays.add(command.command_id)
            name = f"replay-{feed.id}"
            threading.Thread(
                target=self._replay, args=(feed, command), name=name, daemon=True
            ).start()

    def _feed(self, command: Command) -> Feed | None:
        wanted = command.occurrence.removeprefix(SCOPE)
        return next((feed for feed in self.feeds if feed.id == wanted), None)

    def _replay(self, feed: Feed, command: Command) -> None:
        reason = dict(command.body).get("reason")
        done = Verdict()
        with self._one_at_a_time:
            while not self.stop.is_set():
                try:
                    if self._read_again(feed, reason, done):
                        self._answer(command, "applied" if done.accepted else "noop", None, done)
                    break
                except StoreError as error:
                    log.warning("replay waits", feed=feed.id, error=str(error))
                    self.stop.wait(RETRY_S)
                except Exception as error:  # noqa: BLE001 - told to who asked; nothing is lost
                    self._answer(command, "rejected", f"it failed: {error!r}", done)
                    break
        self._replays.discard(command.command_id)

    def _read_again(self, feed: Feed, reason: str | None, done: Verdict) -> bool:
        """Go through the quarantine in batches; return False where told to stop in between."""
        done.refused = done.unreadable = 0  # of an earlier try: those rows are read once more
        memory = self.store.memory(feed.id)
        for rows in batches(kept_rows(self.store, feed.id, reason)):
            if self.stop.is_set():
                return False
            verdict = judge(feed, rows, memory, now=self.clock())
            self._settle(feed, verdict)
            done.add(replace(verdict, facts=[], changes={}, more=[]))
        return True

    def _settle(self, feed: Feed, verdict: Verdict) -> None:
        """Admit first, let out of quarantine second: what is killed in between comes again."""
        now = self.clock()
        facts = self._current(verdict.facts)
        admission = admit(Parsed(accepted=facts, rejected=verdict.more), feed, self.store, now=now)
        self.store.settle(feed.id, verdict.changes)
        self.book.replayed(feed.id, now=now, accepted=admission.accepted, newest=admission.newest)

    def _current(self, facts: list[Fact]) -> list[Fact]:
        """Leave out cases of which something newer is known: an old version must not win."""
        cases = [fact for fact in facts if isinstance(fact, Case)]
        if not cases:
            return facts
        known = self._known_cases(cases)
        old = {case.key for case in cases if known.get(case.key, case.fetched_at) > case.fetched_at}
        return [fact for fact in facts if fact.key not in old]

    def _known_cases(self, cases: Sequence[Case]) -> Mapping[tuple[str, ...], datetime]:
        """Return when the newest known version of each case became known."""
        wanted = {case.key for case in cases}
        table: Any = self.history.cases_table(min(case.opened_at for case in cases))
        found: dict[tuple[str, ...], datetime] = {}
        for part in table.select(["feed_id", "case_id", "known_at"]).to_batches():
            rows = part.to_pydict()
            keys = zip(rows["feed_id"], rows["case_id"], strict=True)
            newest = zip(keys, rows["known_at"], strict=True)
            found |= {key: at for key, at in newest if key in wanted}
        return found

    def _answer(
        self, command: Command, status: str, reason: str | None, done: Verdict | None = None
    ) -> None:
        figures: dict[str, int] = {}
        if done is not None:
            figures = {
                "read": done.accepted + done.refused + done.unreadable,
                "accepted": done.accepted,
                "refused": done.refused,
                "unreadable": done.unreadable,
            }
        log.info(
            "feed command",
            call=command.call,
            feed=command.occurrence.removeprefix(SCOPE),
            by=command.by,
            outcome=status,
            reason=reason,
            **figures,
        )
        body = tuple((name, str(count)) for name, count in figures.items())
        self.store.answer(
            Outcome(command_id=command.command_id, status=status, reason=reason, body=body)
        )
