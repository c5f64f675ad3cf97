"""What happens when a person acts on a desk: read, ask, answer. Nothing is computed here."""

from dash import Dash

from callbacks import alerts, feeds, indicator
from layouts.context import PageContext
from store import Store

__all__ = ["register"]


def register(app: Dash, store: Store, context: PageContext) -> None:
    """Register every callback of the desks."""
    alerts.register(app, store, context)
    feeds.register(app, store, context)
    indicator.register(app, context)
