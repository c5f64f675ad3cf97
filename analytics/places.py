"""Where the heavy batch runs."""

import re

from analytics.errors import AnalyticsError

_SPARK = re.compile(r"spark://[^/\s]+:\d+(,[^/\s]+:\d+)*|spark:(local(\[(\d+|\*)\])?)")


def master_of(url: str | None) -> str | None:
    """Return the Spark master that an ``ANALYTICS_URL`` names; ``None``: this machine alone.

    >>> master_of("spark://analytics:7077")
    'spark://analytics:7077'
    >>> master_of("spark:local[2]")
    'local[2]'
    >>> master_of("duckdb:") is None
    True

    Raises:
        AnalyticsError: if it names neither.

    """
    if url in (None, "", "duckdb:"):
        return None
    if not _SPARK.fullmatch(str(url)):
        raise AnalyticsError(
            f"ANALYTICS_URL={url}: use duckdb: (the default) or spark://host:7077; "
            "spark:local[2] tries Spark on this machine"
        )
    return str(url).removeprefix("spark:") if str(url).startswith("spark:local") else url
