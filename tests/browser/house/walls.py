"""What a wall says of itself: when its states changed, and whether it is right."""

import os
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.house.houses import Home

WATCH = """where => {
  const root = document.querySelector(where), name = where === ".bz-screen" ? "live" : "quality";
  window.moves = [[root.dataset[name], Date.now()]];
  window.watcher?.disconnect();
  window.watcher = new MutationObserver(() => {
    const last = window.moves.at(-1)[0];
    if (root.dataset[name] !== last) window.moves.push([root.dataset[name], Date.now()]);
  });
  window.watcher.observe(root, { attributes: true });
}"""
HATCH = """one => ["", "::before", "::after"].map(
  kind => getComputedStyle(one, kind || null).backgroundImage).join(" ")"""
TILES = """() => [document.querySelector(".bz-screen").dataset.version,
  [...document.querySelectorAll(".bz-tile")].map(one => ({ ...one.dataset,
    value: one.querySelector(".bz-tile__value").innerText }))]"""


def shot(page: Page, name: str) -> None:
    """Keep a picture for a person who wants to look: HOUSE_SHOTS names the folder."""
    if folder := os.environ.get("HOUSE_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def calm(page: Page, tile: str) -> None:
    """Wait until a tile has been good for eight seconds: a house that starts has much to ask."""
    page.wait_for_function(
        """where => {
          const quality = document.querySelector(where)?.dataset.quality;
          window.calmSince = quality === "GOOD" ? (window.calmSince ?? Date.now()) : null;
          return window.calmSince !== null && Date.now() - window.calmSince > 8000;
        }""",
        arg=tile,
        polling=200,
        timeout=90_000,
    )


def moves(page: Page) -> list[str]:
    return [state for state, _ in page.evaluate("window.moves")]


def moment(page: Page, state: str) -> float:
    """When the wall came to be in a state, epoch seconds."""
    return next(at / 1000 for seen, at in page.evaluate("window.moves") if seen == state)


def drawn_after(page: Page, version: tuple[str, int]) -> None:
    """Wait until the wall draws a later snapshot than this one, and is live."""
    page.wait_for_function(
        """([epoch, n]) => {
          const root = document.querySelector(".bz-screen");
          const at = root.dataset.version.lastIndexOf("-");
          const number = Number(root.dataset.version.slice(at + 1));
          const isLater = root.dataset.version.slice(0, at) !== epoch || number > n;
          return root.dataset.live === "live" && isLater;
        }""",
        arg=list(version),
        timeout=45_000,
    )


def right_tiles(page: Page, home: Home) -> list[dict[str, str]] | None:
    """Return the tiles where they say what the snapshot of the same version says; else nothing."""
    found = home.json("/api/v1/snapshot")
    city = {r["indicator"]: r for r in found["readings"] if r["district"] == "city"}
    version, tiles = page.evaluate(TILES)
    is_same = version == found["version"] and all(says(tile, city) for tile in tiles)
    return tiles if is_same else None


def says(tile: dict[str, str], city: dict[str, dict]) -> bool:
    """Whether a tile carries quality and instants of its reading; no reading is no data."""
    reading = city.get(tile["indicator"])
    if reading is None:
        return tile["quality"] == "NODATA"
    wanted = {f"{name}At": stamp(reading[f"{name}_at"]) for name in INSTANTS}
    return tile["quality"] == reading["quality"] and wanted == {k: tile.get(k) for k in wanted}


INSTANTS = ("observed", "late", "stale", "nodata")


def stamp(instant: str | None) -> str | None:
    at = datetime.fromisoformat(instant) if instant else None
    return str(round(at.timestamp() * 1000)) if at else None
