"""What people say in public about the city, as a Mastodon tag timeline. All posts are invented.

Ids grow with time (milliseconds since 1970), as Mastodon's do.
"""

from typing import Any

import numpy as np

from demo import weather
from demo.almanac import HOUR, bump, city_time
from demo.clock import utc
from demo.incidents import World
from demo.noise import uniform

PER_HOUR = 30.0
_MOST = 40
_BACK = 48 * HOUR
_BLOCK = 600
_TEXTS = {
    "good": (
        ("en", "Great new bike lane, love it #montreal"),
        ("en", "Thanks to the crew, the street is clean and beautiful again #montreal"),
        ("fr", "Merci aux équipes, le parc est magnifique #montreal"),
        ("fr", "Bravo, le bus est rapide et agréable ce matin #montreal"),
    ),
    "bad": (
        ("en", "Terrible traffic again, this is awful #montreal"),
        ("en", "The bus is late and dirty, what a bad day #montreal"),
        ("fr", "Encore des travaux, c'est horrible et pénible #montreal"),
        ("fr", "Panne de courant, quel mauvais service #montreal"),
    ),
    "plain": (
        ("en", "Council meets on Monday evening #montreal"),
        ("fr", "Le marché ouvre samedi à neuf heures #montreal"),
    ),
}


def timeline(world: World, options: dict[str, str], now: int) -> list[dict[str, Any]]:
    """Return posts newest first; ``min_id`` returns the oldest after it, as Mastodon does."""
    limit = max(1, min(_MOST, int(options.get("limit", "20"))))
    low = int(options.get("min_id", options.get("since_id", "0")))
    high = int(options.get("max_id", "0")) or (now + 1) * 1000
    first = max(now - _BACK, low // 1000 - 1)
    found = [post for post in _posts(world, first, now) if low < int(post["id"]) < high]
    chosen = found[:limit] if "min_id" in options else found[-limit:]
    return chosen[::-1]


def _posts(world: World, first: int, now: int) -> list[dict[str, Any]]:
    """Posts by time: each ten minutes hold as many as their hour, their mood after the weather."""
    posts = []
    for block in range(first // _BLOCK, now // _BLOCK + 1):
        at = np.array([block * _BLOCK], dtype=np.int64)
        hour = city_time(at).hour
        busy = 0.15 + bump(hour, 12.5, 4.0) + 0.9 * bump(hour, 20.0, 2.5)
        many = int(PER_HOUR * busy[0] * _BLOCK / HOUR + uniform(world.seed, "posts", block)[0])
        trouble = min(1.0, 2.0 * float(weather.slippery(world.seed, at)[0]))
        for number in range(many):
            draw = uniform(world.seed, "post", block, number, np.arange(3, dtype=np.int64)).tolist()
            posted = block * _BLOCK + int(draw[0] * _BLOCK)
            if first <= posted <= now:
                posts.append(_post(posted * 1000 + number, draw, trouble))
    return sorted(posts, key=lambda post: int(post["id"]))


def _post(number: int, draw: list[float], trouble: float) -> dict[str, Any]:
    bad = 0.26 + 0.3 * trouble
    mood = "bad" if draw[1] < bad else "good" if draw[1] < bad + 0.3 else "plain"
    language, text = _TEXTS[mood][int(draw[2] * len(_TEXTS[mood]))]
    account = f"resident{int(draw[2] * 1000)}"
    return {
        "id": str(number),
        "created_at": utc(number // 1000).replace("Z", ".000Z"),
        "language": language,
        "visibility": "public",
        "sensitive": False,
        "spoiler_text": "",
        "reblog": None,
        "content": f"<p>{text.replace('#montreal', '<a>#montreal</a>')}</p>",
        "url": f"https://social.example/@{account}/{number}",
        "account": {"id": account, "acct": account, "bot": False},
        "tags": [{"name": "montreal"}],
    }
