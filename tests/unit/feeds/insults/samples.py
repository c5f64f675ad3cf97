"""Good bodies of every kind, by name."""

from . import samples_civic, samples_mapped, samples_sensed, samples_told, samples_transit
from .sample import NOW, SECRET, Sample

SAMPLES: dict[str, Sample] = {
    **samples_mapped.SAMPLES,
    **samples_told.SAMPLES,
    **samples_sensed.SAMPLES,
    **samples_civic.SAMPLES,
    **samples_transit.SAMPLES,
}

__all__ = ["NOW", "SAMPLES", "SECRET", "Sample"]
