"""Somebody before a still room, for what follows motion."""

import numpy as np

SIZE = (144, 256)


def room(seed=0):
    """A textured still room, (H, W, 3) uint8."""
    row, column = np.mgrid[: SIZE[0], : SIZE[1]]
    grey = 110 + 50 * np.sin(row / 9 + seed) + 40 * np.cos(column / 13 - seed)
    return np.clip(np.dstack((grey, grey * 0.8, grey * 0.6)), 0, 255).astype(np.uint8)


def with_person(left, frame=None):
    """A dark square from column `left` on, and its probability."""
    frame, probability = room() if frame is None else frame.copy(), np.zeros(SIZE, np.float32)
    frame[40:120, left : left + 60] = (20, 25, 30)
    probability[40:120, left : left + 60] = 1
    return frame, probability
