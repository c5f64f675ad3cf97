"""The root: settings, then the whole house, its web alone, a check, a heavy job, a backup.

``python app.py`` runs everything. ``gunicorn app:server`` is the web alone; it attaches to the
store under ``BARTIZAN_DATA`` or at ``REDIS_URL``. The clock is read here and in ``worker.py``.
"""

import argparse
import json
import secrets
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import settings as house_settings
from analytics import arguments as jobs
from house import calls as memory_calls
from house import log
from settings import Settings, SettingsError

if TYPE_CHECKING:  # the web takes seconds to import, and the supervisor never needs it
    from cities import Pack
    from house.web import Web

GOOD, BAD_INPUT = 0, 1


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and return the exit code: 0 good, 1 bad input, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="app.py", description="Bartizan, the whole house.")
    calls = parser.add_subparsers(dest="call", metavar="")
    check = calls.add_parser("check", help="check a city pack and its records")
    check.add_argument("pack", type=Path, help="the pack's folder")
    check.add_argument("--json", action="store_true", help="answer as JSON")
    network = check.add_mutually_exclusive_group()
    network.add_argument("--live", action="store_true", help="poll its URLs once for real")
    network.add_argument("--offline", action="store_true", help="ask no URL (the default)")
    jobs.add(calls)
    memory_calls.add(calls)
    wanted = parser.parse_args(arguments)
    try:
        found = house_settings.read()
        log.set_up(found.log_level)
        if wanted.call in jobs.CALLS:
            return do_job(found, wanted)
        if wanted.call in memory_calls.CALLS:
            return mind_memory(found, wanted)
        return check_pack(found, wanted) if wanted.call == "check" else run(found)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT


def read_pack(found: Settings) -> "Pack":
    """Load the city pack that is set.

    Raises:
        cities.PackError: with everything that is wrong in it.

    """
    import cities  # noqa: PLC0415 - geometry is slow to import and not needed for --help

    return cities.load(found.city, roots=found.data_roots, places=found.places)


def check_pack(found: Settings, wanted: argparse.Namespace) -> int:
    """Print how good a pack is and how well its records meet its districts."""
    import cities  # noqa: PLC0415 - as above

    report = cities.check(
        wanted.pack, roots=found.data_roots, places=found.places, now=now(), live=wanted.live
    )
    lines = [json.dumps(report.plain(), ensure_ascii=False)] if wanted.json else report.lines()
    sys.stdout.write("\n".join(lines) + "\n")
    return GOOD if report.ok else BAD_INPUT


def do_job(found: Settings, wanted: argparse.Namespace) -> int:
    """Run a job of the heavy batch beside the house."""
    from analytics import commands  # noqa: PLC0415 - as above
    from cities import PackError  # noqa: PLC0415 - as above
    from pipeline.scope import scope_of  # noqa: PLC0415 - as above
    from pipeline.upkeep import policy_of  # noqa: PLC0415 - as above

    try:
        pack = read_pack(found)
    except PackError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    house = commands.House(
        pack=pack,
        scope=scope_of(pack),
        stands=policy_of(pack, {}).stands,
        place=found.history_location,
        data=found.data,
        url=found.analytics_url,
        now=now(),
        say=say,
        complain=complain,
    )
    return commands.run(wanted, house)


def mind_memory(found: Settings, wanted: argparse.Namespace) -> int:
    """Move, save or bring back the memories."""
    from cities import PackError  # noqa: PLC0415 - as above
    from house import memory  # noqa: PLC0415 - as above

    try:
        pack = read_pack(found) if wanted.call == "backup" else None
    except PackError as error:
        say(str(error))
        return BAD_INPUT
    return memory.run(
        wanted,
        memory.Memories(
            data=found.data,
            redis_url=found.redis_url,
            history_place=found.history_location,
            city=pack.city.id if pack else "",
            pack_hash=pack.hash if pack else "",
            settings=tuple(house_settings.environment(found)),
            now=now(),
            say=say,
        ),
    )


def run(found: Settings) -> int:
    """Run the whole house until it is told to end."""
    import history  # noqa: PLC0415 - as above
    from cities import PackError  # noqa: PLC0415 - as above
    from house import run as house  # noqa: PLC0415 - as above
    from house.lock import Taken  # noqa: PLC0415 - as above
    from store import Unsupported  # noqa: PLC0415 - as above
    from store import open as open_store  # noqa: PLC0415 - as above

    try:
        history.check(found.history_location)
        if found.redis_url is not None:
            open_store(found.redis_url).close()  # asks nobody, and refuses a malformed URL
        house.keep(plan(found, read_pack(found)), say)
    except Taken as taken:
        holder = taken.holder
        say(f"already running: pid {holder.pid}, {holder.url}" if holder else "already running")
        return GOOD
    except (house.Refused, PackError, Unsupported, history.HistoryError) as error:
        house.complain(str(error))
        return BAD_INPUT
    return GOOD


def plan(found: Settings, pack: "Pack") -> Any:
    """Decide what the house runs."""
    from house.run import Plan  # noqa: PLC0415 - as above

    is_simulated = pack.city.is_simulated
    listen = [(found.host, found.port)]
    notes = []
    if is_simulated:
        listen.append(("127.0.0.1", found.demo_port))
        listen.append(("127.0.0.1", found.broker_port))
        notes.append("demo city: simulated data")
    if not found.is_loopback:
        notes.append("open: everyone who can reach this address may read and acknowledge")
    demo: tuple[str, ...] = ("serve", "--port", str(found.demo_port))
    demo += ("--seed", str(found.demo_seed), "--mqtt-port", str(found.broker_port))
    kept = ("--state", str(found.data / "demo.json"))
    return Plan(
        data=found.data,
        url=found.url,
        listen=tuple(listen),
        has_own_store=found.redis_url is None,
        is_simulated=is_simulated,
        environment=house_settings.environment(found) | (_shared() if is_simulated else {}),
        demo=("-m", "demo", *demo, *kept),
        notes=tuple(notes),
        workers=found.ingest_workers,
    )


def _shared() -> dict[str, str]:
    """Return the secret by which the simulated city may push to this house: new at each start."""
    return {"DEMO_PUSH_SECRET": secrets.token_urlsafe(24)}


def say(line: str) -> None:
    """Print one line for a person, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Say what is wrong, where results do not go."""
    sys.stderr.write(f"{line}\n")


def store_url(found: Settings) -> str:
    """Return where the store is.

    Raises:
        SettingsError: if none is set and none runs under the data folder.

    """
    from store import embedded  # noqa: PLC0415 - as above

    url = found.redis_url or embedded.attach(found.data)
    if url is None:
        raise SettingsError(
            f"no store runs under BARTIZAN_DATA={found.data}. Start the house with "
            "`python app.py`, or set REDIS_URL"
        )
    return url


@cache
def web() -> "Web":
    """Put the web together once per process."""
    from house import web as parts  # noqa: PLC0415 - as above

    found = house_settings.read()
    log.set_up(found.log_level)
    return parts.make(
        parts.Wanted(
            pack=read_pack(found),
            store_url=store_url(found),
            history_location=found.history_location,
            secret_key=house_settings.secret_key(found),
            clock=now,
            max_streams=found.max_streams,
            wall_distance_m=found.wall_distance_m,
            wall_pitch_mm=found.wall_pitch_mm,
            is_open=found.is_open and not found.is_loopback,
        )
    )


def close_streams() -> None:
    """End all streams of this process in the background: called from a signal."""
    threading.Thread(target=web().hub.close, name="close-streams", daemon=True).start()


def __getattr__(name: str) -> Any:
    """Give gunicorn ``app:server``; nothing is built by an import alone."""
    if name == "server":
        try:
            return web().server
        except AttributeError as error:  # else gunicorn would say that there is no server
            raise RuntimeError(f"the web cannot be put together: {error!r}") from error
    raise AttributeError(name)


if __name__ == "__main__":
    sys.exit(main())
