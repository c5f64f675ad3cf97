"""Write ``docs/indicators.md``."""

from pathlib import Path

from metrics import INDICATORS
from metrics.catalogue import document

PAGE = Path(__file__).resolve().parent.parent / "docs" / "indicators.md"

if __name__ == "__main__":
    PAGE.write_text(document(INDICATORS.values()), encoding="utf-8")
