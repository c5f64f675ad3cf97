"""A catalogue in the form of CISA's known exploited vulnerabilities; every entry is invented.

One entry a week. Once every five weeks one concerns a product that the demo city uses: it is due
after 21 days, and three days later the city has mended it and the demo's catalogue drops it.
"""

from datetime import date, timedelta
from typing import Any

from demo.almanac import day_of
from demo.clock import utc
from demo.incidents import World
from demo.noise import uniform

_DUE, _MENDED, _CYCLE, _EPOCH = 21, 24, 35, date(1970, 1, 1)
_KEPT = 70  # weeks
_OTHERS = (
    ("Lanternsoft", "Lantern Mail"),
    ("Granite Networks", "Granite VPN"),
    ("Bluequay", "Quay File Transfer"),
    ("Orchard", "Orchard OS"),
    ("Northgate", "Northgate Firewall"),
)
OURS = (
    ("Municipalware", "Permit Portal"),
    ("Harbour Systems", "Harbour Database"),
    ("Trafficon", "Signal Controller"),
)


def catalogue(world: World, now: int) -> dict[str, Any]:
    """Return the catalogue as of now, newest entry first."""
    today = day_of(now)
    found = [
        *(_other(world, week) for week in range(today // 7, today // 7 - _KEPT, -1)),
        *(_ours(world, cycle) for cycle in (today // _CYCLE,) if today % _CYCLE < _MENDED),
    ]
    found.sort(key=lambda entry: str(entry["dateAdded"]), reverse=True)
    return {
        "title": "Catalogue of known exploited vulnerabilities (simulated)",
        "catalogVersion": _date(today).replace("-", "."),
        "dateReleased": utc(now // 86_400 * 86_400),
        "count": len(found),
        "vulnerabilities": found,
    }


def _other(world: World, week: int) -> dict[str, Any]:
    vendor, product = _OTHERS[int(uniform(world.seed, "kev", week)[0] * len(_OTHERS))]
    return _entry(7 * week, vendor, product)


def _ours(world: World, cycle: int) -> dict[str, Any]:
    vendor, product = OURS[int(uniform(world.seed, "kev ours", cycle)[0] * len(OURS))]
    return _entry(_CYCLE * cycle, vendor, product)


def _entry(day: int, vendor: str, product: str) -> dict[str, Any]:
    return {
        "cveID": f"CVE-{_date(day)[:4]}-9{day % 10_000:04d}",
        "vendorProject": vendor,
        "product": product,
        "vulnerabilityName": f"{vendor} {product} vulnerability (simulated)",
        "dateAdded": _date(day),
        "shortDescription": "Invented for the demo city.",
        "requiredAction": "Apply the update of the vendor.",
        "dueDate": _date(day + _DUE),
        "knownRansomwareCampaignUse": "Unknown",
        "notes": "",
        "cwes": [],
    }


def _date(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()
