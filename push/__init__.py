"""Push: one hub per web process turns each tick into one frame of bytes per scene and locale."""

from push.hub import Hub, Options, Stats, TooManyStreams, UnknownScene
from push.stream import blueprint

__all__ = ["Hub", "Options", "Stats", "TooManyStreams", "UnknownScene", "blueprint"]
