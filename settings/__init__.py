"""Every setting of the house: its environment name, its default, what it is for.

Read once by ``app.py`` and ``worker.py`` from the environment or a ``.env`` file; nothing else
reads them. ``docs/operating.md`` holds the same table, and a test compares the two.
"""

from settings.reading import SettingsError, environment, names, read, secret_key
from settings.table import ROOT, STORE_SCHEMES, Settings

__all__ = [
    "ROOT",
    "STORE_SCHEMES",
    "Settings",
    "SettingsError",
    "environment",
    "names",
    "read",
    "secret_key",
]
