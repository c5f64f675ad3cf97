"""Where a shard's replay may start: stream ids as numbers that a table can remember.

A stream id is ``<ms>-<seq>``, or ``<ms>-<seq>.<position>`` for a fact inside an entry; the last
fact of an entry bears the plain id. Each commit of a table carries the mark of its last fact as
two application transactions of the Delta log, so the mark and the rows are one write.
"""

from dataclasses import dataclass

_SEQ_BITS = 20
LAST = 2**31 - 1  # position of an entry's last fact


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a stream; marks sort as the stream does."""

    entry: int
    position: int

    @classmethod
    def of(cls, name: str) -> "Mark":
        """Read a stream id.

        >>> Mark.of("1700000000000-3.7") < Mark.of("1700000000000-3")
        True

        Raises:
            ValueError: if ``name`` is no stream id.

        """
        entry, dot, position = name.partition(".")
        ms, dash, seq = entry.partition("-")
        if not dash or int(seq) >> _SEQ_BITS:
            raise ValueError(f"{name!r} is not a stream id such as 1700000000000-0")
        return cls((int(ms) << _SEQ_BITS) | int(seq), int(position) if dot else LAST)

    def __str__(self) -> str:
        """Return the stream id.

        >>> str(Mark.of("1700000000000-3.7"))
        '1700000000000-3.7'

        """
        ms, seq = self.entry >> _SEQ_BITS, self.entry & ((1 << _SEQ_BITS) - 1)
        return f"{ms}-{seq}" if self.position == LAST else f"{ms}-{seq}.{self.position}"
