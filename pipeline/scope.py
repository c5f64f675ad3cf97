"""What the metrics need to know of a city."""

from cities import Pack
from metrics import Scope


def scope_of(pack: Pack) -> Scope:
    """Return districts, services and the constants of sites as a scope."""
    references = {
        (quantity, site): value
        for feed in pack.feeds
        for quantity, sites in feed.references.items()
        for site, value in sites.items()
    }
    return Scope(
        districts=pack.districts.items,
        timezone=pack.city.timezone,
        services={service.name: service for service in pack.services},
        references=references,
        population=pack.city.population,
        subjects={feed.id: feed.subject for feed in pack.feeds if feed.gives == "case"},
    )
