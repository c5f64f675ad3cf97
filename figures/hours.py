"""Counts per hour as bars: what was accepted above a line, what was refused below it."""

from collections.abc import Sequence

from figures.svg import number

Counts = Sequence[int | None]
_GAP = 1.4  # px between two bars
_LEAST = 1.5  # px of the lowest bar: one row is not nothing


def bars(counts: Counts, *, width: float, base: float, height: float, is_down: bool = False) -> str:
    """Return the bars as one path, the oldest hour left; they grow from ``base``.

    The highest fills ``height``. A zero is a stroke on the line, a missing hour (``None``) nothing.

    >>> bars([2, 0, None, 1], width=40, base=20, height=10)
    'M0.7,20v-10h8.6v10ZM10.7,20h8.6M30.7,20v-5h8.6v5Z'

    """
    top = max((count for count in counts if count), default=0)
    step = width / max(1, len(counts))
    across = number(step - _GAP)
    drawn = []
    for index, count in enumerate(counts):
        left = f"M{number(index * step + _GAP / 2)},{number(base)}"
        if count is None:
            continue
        if count <= 0:
            drawn.append(f"{left}h{across}")
            continue
        tall = max(_LEAST, height * count / top)
        up, back = (tall, -tall) if is_down else (-tall, tall)
        drawn.append(f"{left}v{number(up)}h{across}v{number(back)}Z")
    return "".join(drawn)
