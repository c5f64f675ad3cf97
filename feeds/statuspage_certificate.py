"""How long a TLS certificate holds, read from its own bytes (X.509 in DER, RFC 5280).

The standard library tells nothing of a certificate that it does not trust, which is the one that
is asked about most.
"""

from datetime import UTC, datetime

_SEQUENCE, _CONTEXT_0, _UTC_TIME, _GENERAL_TIME = 0x30, 0xA0, 0x17, 0x18
_LONG = 0x80
_MOST_BYTES = 4
_TURN = 50  # two-digit years from here on are of the last century


def not_after(der: bytes) -> datetime:
    """Return until when a certificate is valid.

    Raises:
        ValueError: if the bytes are no certificate.

    """
    try:
        certificate = _inside(der, 0, _SEQUENCE)
        fields = _inside(certificate, 0, _SEQUENCE)
        place = 0
        if fields[0] == _CONTEXT_0:  # the version
            place = _element(fields, place)[2]
        for _ in ("serial number", "signature", "issuer"):
            place = _element(fields, place)[2]
        validity = _inside(fields, place, _SEQUENCE)
        tag, start, end = _element(validity, _element(validity, 0)[2])
        return _time(tag, validity[start:end].decode("ascii"))
    except (IndexError, UnicodeDecodeError) as problem:
        raise ValueError("no certificate") from problem


def _time(tag: int, written: str) -> datetime:
    if tag == _UTC_TIME:
        century = "19" if int(written[:2]) >= _TURN else "20"
        written = century + written
    elif tag != _GENERAL_TIME:
        raise ValueError("a certificate without an end")
    return datetime.strptime(written, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _inside(data: bytes, place: int, tag: int) -> bytes:
    found, start, end = _element(data, place)
    if found != tag:
        raise ValueError("no certificate")
    return data[start:end]


def _element(data: bytes, place: int) -> tuple[int, int, int]:
    """Return tag, start and end of the element at a place."""
    tag, length, start = data[place], data[place + 1], place + 2
    if length & _LONG:
        n = length & ~_LONG
        if not 0 < n <= _MOST_BYTES:
            raise ValueError("no certificate")
        length, start = int.from_bytes(data[start : start + n], "big"), start + n
    if start + length > len(data):
        raise ValueError("a certificate that is cut off")
    return tag, start, start + length
