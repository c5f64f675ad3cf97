"""The HTTP API under ``/api/v1``, and the house's own health; ``openapi.json`` describes it."""

from api.door import Door
from api.facts import ages, behind
from api.foretelling import Forecasts
from api.health import blueprint as health_blueprint
from api.past import public, revised
from api.routes import blueprint

__all__ = [
    "Door",
    "Forecasts",
    "ages",
    "behind",
    "blueprint",
    "health_blueprint",
    "public",
    "revised",
]
