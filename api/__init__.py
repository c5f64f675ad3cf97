"""The HTTP API under ``/api/v1``, and the house's own health; ``openapi.json`` describes it."""

from api.door import Door
from api.health import blueprint as health_blueprint
from api.past import public
from api.routes import blueprint

__all__ = ["Door", "blueprint", "health_blueprint", "public"]
