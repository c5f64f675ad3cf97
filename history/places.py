"""Where a history lives."""

from pathlib import Path

from history.errors import HistoryError, NotYet

_ODD = frozenset('%[]{}*?#|^<>"`\\')


def folder_of(place: str | Path) -> Path:
    """Return the folder of a path or of a ``delta:`` URL.

    >>> folder_of("delta:///srv/history").as_posix()
    '/srv/history'

    Raises:
        NotYet: if it is another kind of URL.
        HistoryError: if the folder's name cannot be used.

    """
    folder = _folder(place)
    odd = sorted(set(str(folder)) & _ODD)
    if odd:
        raise HistoryError(
            f"the history cannot live in {folder}: deltalake cannot use {' '.join(odd)} in a path"
        )
    return folder


def _folder(place: str | Path) -> Path:
    if isinstance(place, Path):
        return place.resolve()
    scheme, colon, rest = place.partition(":")
    if not colon or len(scheme) == 1 or "/" in scheme:
        return Path(place).resolve()
    if scheme != "delta":
        raise NotYet(
            f"HISTORY_URL {scheme}: is not yet supported; use delta:./folder or delta:///folder, "
            "or leave it unset for the history under BARTIZAN_DATA"
        )
    return Path(rest.removeprefix("//")).resolve()
