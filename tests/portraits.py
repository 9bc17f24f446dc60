"""Drawn portraits whose true alpha is known, and the coarse probability a network would give."""

from dataclasses import dataclass

import cv2
import numpy as np

HEIGHT, WIDTH = 360, 480
ROW, COLUMN = 200, 210  # of the person's middle; off the picture's, so that a swapped axis shows
RADIUS = 110
GRID_PX = 4  # the network's cells
GENERATOR_SEED = 3


@dataclass(frozen=True)
class Flat:
    """Stands in for a Segmenter: it has seen this probability, whatever the frame."""

    seen: np.ndarray
    photo_size: int = WIDTH
    live_size: int = WIDTH

    def probability(self, frame, size=None):
        """Return what it has seen."""
        return self.seen


def disc(radius: float = RADIUS, soft_px: float = 2.0) -> np.ndarray:
    """Draw alpha (HEIGHT, WIDTH) of a round person, whose rim is so many pixels wide."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(rows - ROW, columns - COLUMN)
    return np.clip((radius - distance) / soft_px + 0.5, 0, 1).astype(np.float32)


def painted(alpha: np.ndarray, person, room, noise: float = 2.0) -> np.ndarray:
    """Photograph a person before a room: colours, or pictures of (H, W, 3), and sensor noise."""
    coverage = alpha[..., None]
    exact = coverage * np.array(person, float) + (1 - coverage) * np.array(room, float)
    grain = np.random.default_rng(GENERATOR_SEED).normal(0, noise, exact.shape)
    return np.clip(np.rint(exact + grain), 0, 255).astype(np.uint8)


def seen_coarsely(alpha: np.ndarray, blur_cells: float = 0.8, shift_px: int = 0) -> np.ndarray:
    """Make the probability of a network that sees cells, softly, a little aside, in 32 steps."""
    height, width = alpha.shape
    aside = np.roll(alpha, shift_px, axis=1)
    cells = cv2.resize(aside, (width // GRID_PX, height // GRID_PX), interpolation=cv2.INTER_AREA)
    cells = np.rint(cv2.GaussianBlur(cells, (0, 0), blur_cells) * 32) / 32
    return cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)


def far_from_outline(alpha: np.ndarray, pixels: int) -> np.ndarray:
    """Mark what is so many pixels away from every pixel of the other side."""
    inside = (alpha > 0.5).astype(np.uint8)
    return (
        np.maximum(*(cv2.distanceTransform(side, cv2.DIST_L2, 5) for side in (inside, 1 - inside)))
        > pixels
    )
