"""A drawn scene whose truth is known, and a segmenter that knows it."""

import numpy as np

from segmenter.device import Device

RED, GREEN = (200, 40, 40), (40, 170, 60)


class RedSegmenter:
    """Calls every pixel a person that is much redder than green."""

    photo_size = 384
    live_size = 320
    device = Device("cpu", 1, "a test's")

    def probability(self, frame, size=None):
        return (frame[..., 0].astype(int) - frame[..., 1] > 60).astype(np.float32)

    def expect(self, height, width, size, *, wait=False):
        return True

    def describe(self):
        return "CPU, test segmenter"


def person(height: int = 120, width: int = 160, left: int = 60, side: int = 40) -> np.ndarray:
    """Draw a red square, the person, on a green room; (height, width, 3) uint8."""
    frame = np.full((height, width, 3), GREEN, np.uint8)
    frame[40 : 40 + side, left : left + side] = RED
    return frame
