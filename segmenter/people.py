"""Who is kept: everyone, the largest or the one in the middle; no specks, no false holes."""

import cv2
import numpy as np

from segmenter.arrays import Mask, Probability
from segmenter.errors import InvalidInput

CHOICES = ("everyone", "largest", "centre")
# Decisions are made on a small picture: people are large things.
WORKING_SIZE = 320
# A piece smaller than this share of the largest is a speck, not a person or a hand.
SPECK = 0.01
# A person's surely-hers pixels; her soft surroundings go where she goes.
SURE = 0.5
# A hole is the network's doubt, not background, when its mean probability is above this.
DOUBT = 0.25


def choose_people(probability: Probability, choice: str = "everyone") -> Probability:
    """Drop everybody who was not chosen, and specks; fill holes that are not background.

    Args:
        probability: (H, W) float32 in [0, 1].
        choice: one of `CHOICES`.

    Raises:
        InvalidInput: another choice.
    """
    if choice not in CHOICES:
        raise InvalidInput(f"can't keep {choice!r}; choose {', '.join(CHOICES)}")
    height, width = probability.shape
    shrink = min(1.0, WORKING_SIZE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(probability, size, interpolation=cv2.INTER_AREA)

    def enlarged(mask: np.ndarray) -> Probability:
        return cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)

    holes = false_holes(small)
    if holes.any():
        # A pixel wider, to cover the hole's soft rim.
        filled = cv2.dilate(holes.astype(np.float32), np.ones((3, 3), np.uint8))
        probability = np.maximum(probability, enlarged(filled))
        small = np.maximum(small, filled)
    keep = kept_region(small, choice)
    return probability if keep is None else probability * enlarged(keep)


def false_holes(small: Probability) -> Mask:
    """Mark what a person encloses though the network half believes it is hers.

    The gap of an arm on the hip stays: there the network is sure of background.
    """
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(
        (small <= SURE).astype(np.uint8), connectivity=4
    )
    found = np.zeros(small.shape, bool)
    for piece in range(1, count):
        left, top, width, height = statistics[piece, : cv2.CC_STAT_AREA]
        touches = left == 0 or top == 0 or left + width == small.shape[1]
        if touches or top + height == small.shape[0]:
            continue
        box = (slice(top, top + height), slice(left, left + width))
        inside = labels[box] == piece
        if small[box][inside].mean() > DOUBT:
            found[box] |= inside
    return found


def kept_region(small: Probability, choice: str) -> Probability | None:
    """Return 1 near the kept people and 0 near the others, (h, w) float32; None to keep all."""
    count, labels, statistics, centres = cv2.connectedComponentsWithStats(
        (small > SURE).astype(np.uint8), connectivity=8
    )
    areas = statistics[1:, cv2.CC_STAT_AREA]
    if count <= 2:  # nobody, or one person in one piece
        return None
    kept = {
        "everyone": lambda: np.flatnonzero(areas >= SPECK * areas.max()),
        "largest": lambda: areas.argmax(keepdims=True),
        "centre": lambda: nearest_to_centre(areas, centres[1:], small.shape[::-1]),
    }[choice]()
    if len(kept) == len(areas):
        return None
    return nearest_label(labels, np.isin(np.arange(1, count), kept + 1))


def nearest_to_centre(areas: np.ndarray, centres: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the index, in an array of one, of the sizable piece nearest the picture's middle."""
    distances = np.linalg.norm(centres - np.array(size) / 2, axis=1)
    distances[areas < 0.1 * areas.max()] = np.inf
    return distances.argmin(keepdims=True)


def nearest_label(labels: np.ndarray, is_kept: np.ndarray) -> np.ndarray:
    """Return 1 where the nearest piece is kept, else 0, as float32 (h, w)."""
    _, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # Label numbers of single pixels, translated into the pieces those pixels belong to.
    piece_of = np.zeros(nearest.max() + 1, np.intp)
    piece_of[nearest[labels > 0]] = labels[labels > 0]
    return is_kept[piece_of[nearest] - 1].astype(np.float32)
