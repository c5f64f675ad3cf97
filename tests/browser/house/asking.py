"""Questions to a house over HTTP, as a program asks them."""

import urllib.error
import urllib.request

from tests.browser.house.houses import Home


def gauge(home: Home, name: str) -> float:
    text = home.get("/metrics")[1].decode()
    return next(
        float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name} ")
    )


def fetch(home: Home, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(home.url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def version_is_kept(home: Home) -> bool:
    """Whether a snapshot that the client holds is not sent again; ticks may come in between."""
    for _ in range(5):
        _, headers, _ = fetch(home, "/api/v1/snapshot")
        if fetch(home, "/api/v1/snapshot", **{"If-None-Match": headers["ETag"]})[0] == 304:
            return True
    return False


def first_frame(home: Home, path: str) -> str:
    with urllib.request.urlopen(home.url + path, timeout=10) as stream:
        return next(line for line in stream if line.startswith(b"data: ")).decode()


def status(home: Home, path: str) -> int:
    return home.get(path, 10.0)[0]
