"""Bodies of machines, services, vulnerabilities, participation and opinion."""

from typing import Any

from feeds import kev_assets

from .sample import NOW, Sample, as_json, filed

HEAT = {"heat_celsius": {"quantity": "temperature", "unit": "°C", "site": "room"}}
ASSETS = (
    "asset,vendor,product,exposed\nportal,Example Soft,Web Portal,yes\nmail,Mailer,Mail Server,no\n"
)


def exposed(n: int) -> bytes:
    lines = "".join(f'heat_celsius{{room="é{i}"}} 21.5 1795520000000\n' for i in range(n))
    return f"# HELP heat_celsius How warm é.\n# TYPE heat_celsius gauge\n{lines}".encode()


def vector(n: int) -> bytes:
    rows = [{"metric": {"room": f"é{i}"}, "value": [1795521000, "21.5"]} for i in range(n)]
    return as_json({"status": "success", "data": {"resultType": "vector", "result": rows}})


def alerts(n: int) -> bytes:
    rows = [
        {
            "labels": {"alertname": f"Down é{i}", "severity": "critical", "instance": "a:1"},
            "annotations": {"summary": f"é{i} is down"},
            "state": "firing",
            "activeAt": "2026-11-24T10:00:00Z",
            "value": "1e+00",
        }
        for i in range(n)
    ]
    return as_json({"status": "success", "data": {"alerts": rows}})


def catalogue(n: int) -> bytes:
    rows = [
        {
            "cveID": f"CVE-2026-{i:05}",
            "vendorProject": "Example Soft",
            "product": "Web Portal",
            "vulnerabilityName": "Injection é",
            "dateAdded": "2026-11-01",
            "dueDate": "2026-12-01",
        }
        for i in range(n)
    ]
    return as_json(
        {"title": "t", "dateReleased": "2026-11-23T17:04:19Z", "count": n, "vulnerabilities": rows}
    )


def summary(n: int) -> bytes:
    rows = [
        {"id": f"c{i}", "name": f"é{i}", "status": "operational", "group": False} for i in range(n)
    ]
    return as_json({"page": {"id": "p", "updated_at": "2026-11-24T11:50:00Z"}, "components": rows})


def connection(nodes: list[Any]) -> dict[str, Any]:
    info = {"hasNextPage": False, "endCursor": None}
    return {"pageInfo": info, "edges": [{"node": node} for node in nodes]}


def consul(n: int) -> bytes:
    nodes = [
        {
            "id": str(i),
            "public_created_at": "2026-11-23 10:00:00 +0100",
            "cached_votes_up": 3,
            "comments_count": 1,
            "geozone": {"name": "Centro é"},
        }
        for i in range(n)
    ]
    return as_json({"data": {"proposals": connection(nodes)}})


def consul_export(n: int) -> bytes:
    rows = "".join(f'"{i}";"Titre é";"<p>a;b</p>";"15";"23/11/2026";""\n' for i in range(n))
    head = '"id";"title";"description";"cached_votes_up";"created_at";"retired_at"\n'
    return (head + rows).encode()


def decidim(n: int) -> bytes:
    nodes = [
        {
            "id": str(i),
            "createdAt": "2026-11-23T10:00:00+01:00",
            "publishedAt": "2026-11-23T10:00:00+01:00",
            "voteCount": 2,
            "totalCommentsCount": 0,
        }
        for i in range(n)
    ]
    return as_json({"data": {"component": {"proposals": connection(nodes)}}})


SPACES = as_json(
    {
        "data": {
            "participatoryProcesses": [
                {"slug": "plan", "components": [{"__typename": "Proposals", "id": "7"}]}
            ]
        }
    }
)


def decidim_export(n: int) -> bytes:
    rows = "".join(
        f"{i};3;https://x.example/processes/plan;Centre é;Hola;4;2;2026-11-23 10:00:00 UTC\n"
        for i in range(n)
    )
    return (
        "id;participatory_space/id;participatory_space/url;scope/name/en;title/en;supports;"
        f"comments;published_at\n{rows}"
    ).encode()


def rss(n: int) -> bytes:
    items = "".join(
        f"<item><title>Great park é</title><guid>g{i}</guid>"
        "<pubDate>Tue, 24 Nov 2026 10:05:00 GMT</pubDate></item>\n"
        for i in range(n)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>News</title>'
        f"<language>en</language>{items}</channel></rss>"
    ).encode()


def atom(n: int) -> bytes:
    entries = "".join(
        f"<entry><title>Great park é</title><id>urn:{i}</id>"
        "<updated>2026-11-24T10:05:00Z</updated></entry>\n"
        for i in range(n)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
        f' xml:lang="en"><title>News</title>{entries}</feed>'
    ).encode()


def posts(n: int) -> bytes:
    return as_json(
        [
            {
                "id": str(10_000_000 - i),
                "created_at": "2026-11-24T11:50:00.000Z",
                "language": "en",
                "visibility": "public",
                "content": "<p>Great <b>park</b> é</p>",
                "spoiler_text": "",
                "reblog": None,
                "account": {"acct": "jo", "bot": False},
            }
            for i in range(n)
        ]
    )


def _assets(feed: Any) -> dict[str, Any]:
    return {"assets": kev_assets.read(ASSETS.encode(), feed, NOW)[0]}


COUNTED = "counts of everything that is listed: a row that is not read is not counted"
KEV = {"assets": filed(ASSETS)}
SAMPLES: dict[str, Sample] = {
    "prometheus": Sample(
        "prometheus", exposed, 3, options={"quantities": HEAT, "max_series": 1_000_000},
        media_type="text/plain; version=0.0.4",
        whole="an exposition cut off at the end of a line is a shorter one",
    ),
    "prometheus-query": Sample(
        "prometheus", vector, 3, at="/feed/api/v1/query", env="INSULT_KEY",
        options={
            "quantities": {"warm": HEAT["heat_celsius"]},
            "queries": {"warm": "heat_celsius"},
            "bearer": "env:INSULT_KEY",
            "max_series": 1_000_000,
        },
        is_beside=True,
    ),
    "prometheus-alerts": Sample("prometheus", alerts, 3, "notice"),
    "kev": Sample("kev", catalogue, 4, options=KEV, is_clocked=True, known=_assets, alone=COUNTED),
    "kev-notices": Sample("kev", catalogue, 3, "notice", options=KEV, known=_assets, alone=COUNTED),
    "statuspage": Sample(
        "statuspage", summary, 3, is_clocked=True, more={"url": None},
        options={
            "targets": [{"id": "x", "url": "https://city.example/", "format": "statuspage"}]
        },
    ),
    "consul": Sample("consul", consul, 2, is_clocked=True, alone=COUNTED),
    "consul-export": Sample(
        "consul", consul_export, 2, is_clocked=True, alone=COUNTED,
        options={"format": "export", "date_format": "%d/%m/%Y"},
        whole="a table cut off at the end of a line is a shorter table",
    ),
    "decidim": Sample(
        "decidim", decidim, 2, is_clocked=True, alone=COUNTED,
        otherwise=lambda r: SPACES if b"participatoryProcesses" in r.content else None,
    ),
    "decidim-export": Sample(
        "decidim", decidim_export, 2, is_clocked=True, alone=COUNTED, options={"format": "export"},
        whole="a table cut off at the end of a line is a shorter table",
    ),
    "rss": Sample("rss", rss, 6, is_clocked=True, alone=COUNTED),
    "rss-atom": Sample("rss", atom, 6, is_clocked=True, alone=COUNTED),
    "mastodon": Sample(
        "mastodon", posts, 6, is_clocked=True, alone=COUNTED, env="INSULT_KEY",
        options={"tags": ["montreal"], "token": "env:INSULT_KEY"},
    ),
}  # fmt: skip
