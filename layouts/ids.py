"""Every id on a screen: ``<scene>-<component>-<part>``, fixed when the tree is built."""

SEPARATOR = "-"
DESK_ROOT = "desk"


def part(scene: str, component: str, name: str) -> str:
    """Return the id of one part of a component.

    >>> part("overview", "tile03", "value")
    'overview-tile03-value'

    """
    return SEPARATOR.join((scene, component, name))


def slot(name: str, index: int) -> str:
    """Return the name of a numbered slot; it never moves, whatever it shows.

    >>> slot("tile", 3)
    'tile03'

    """
    return f"{name}{index:02d}"
