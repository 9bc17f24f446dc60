"""The live tab's socket: camera frames in, composites out, never the room."""

from segmenter.live.server import LiveServer
from segmenter.live.visitor import LiveLimits

__all__ = ["LiveLimits", "LiveServer"]
