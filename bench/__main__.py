"""``make bench``: every benchmark in turn, then all their tables together.

A benchmark is a module of this folder that prints its table; ``python -m bench.<name>`` runs one.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main(wanted: list[str]) -> int:
    """Run the named benchmarks, or all; return 1 where one failed."""
    found = sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_"))
    unknown = [name for name in wanted if name not in found]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(found)}")
        return 2
    tables, failed = [], []
    for name in wanted or found:
        print(f"… {name}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{name}"],
            cwd=FOLDER.parent,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        tables.append(f"== {name}\n{done.stdout.rstrip()}")
        if done.returncode != 0:
            failed.append(name)
    print("\n" + "\n\n".join(tables))
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
