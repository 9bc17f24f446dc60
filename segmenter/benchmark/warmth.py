"""Brings a network to the speed that it has in the middle of a video."""

from typing import Any

from segmenter.arrays import Frame
from segmenter.backends import OnnxBackend
from segmenter.session_cache import OFTEN


def warm_up(segmenter: Any, frame: Frame, size: int) -> None:
    """Let the network see a frame so often that a session of its own is made for its shape.

    Args:
        segmenter: one without a backend is quick from the start.
        frame: (H, W, 3) uint8 RGB.
        size: long side, in pixels, that the network sees.
    """
    backend = getattr(segmenter, "backend", None)
    if isinstance(backend, OnnxBackend):
        for _ in range(OFTEN):
            segmenter.probability(frame, size)
        backend.sessions.settle()
