"""The Java that Spark runs on: where it is, and what to install where there is none."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from analytics.errors import AnalyticsError

NEEDED = 17
_INSTALL = """On Debian or Ubuntu:
    sudo apt-get update && sudo apt-get install -y default-jre-headless
On macOS:
    brew install openjdk@17 && export JAVA_HOME="$(brew --prefix openjdk@17)\""""
_PATIENCE_S = 30.0


def look_for_java() -> None:
    """Do nothing where Spark finds a Java that is new enough.

    Raises:
        AnalyticsError: it does not; the message says what to install.

    """
    version = java_version()
    if version is None:
        raise AnalyticsError(f"Spark needs Java {NEEDED} or newer, and finds none. {_INSTALL}")
    if version < NEEDED:
        raise AnalyticsError(f"Spark needs Java {NEEDED} or newer, and finds {version}. {_INSTALL}")


def java_version() -> int | None:
    """Return the version of the Java of ``JAVA_HOME`` or ``PATH``; ``None``: there is none."""
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if program is None:
        return None
    try:
        said = subprocess.run(  # noqa: S603 - the program that Spark itself would start
            [program, "-version"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return version_of(said.stderr + said.stdout)


def version_of(text: str) -> int | None:
    """Return the version that ``java -version`` tells; ``None`` where it tells none.

    >>> version_of('openjdk version "17.0.15" 2025-04-15'), version_of('java version "1.8.0_392"')
    (17, 8)

    """
    found = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(found[1]) if found else None
