"""How the commands about the memories are given: ``migrate``, ``backup``, ``restore``."""

import argparse
from pathlib import Path

CALLS = ("migrate", "backup", "restore")


def add(calls: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to a parser."""
    moved = calls.add_parser("migrate", help="copy the long memory to another place")
    for name, text in (("--from", "where it is"), ("--to", "where it is to be, empty")):
        moved.add_argument(
            name,
            required=True,
            dest="source" if name == "--from" else "target",
            metavar="URL",
            help=f"{text}: delta:./folder or postgresql://…",
        )
    saved = calls.add_parser("backup", help="save both memories while the house runs")
    saved.add_argument("place", type=Path, help="a new folder, or a new file that ends in .tar")
    saved.add_argument("--with-key", action="store_true", help="save secret.key too")
    back = calls.add_parser("restore", help="bring a backup back; the house must not run")
    back.add_argument("place", type=Path, help="the folder or .tar file of a backup")
    back.add_argument(
        "--force", action="store_true", help="in the place of what is there, which is deleted"
    )
