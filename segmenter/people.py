"""Who is kept: everyone, the largest or the one in the middle; and no specks."""

import cv2
import numpy as np

from segmenter.arrays import Probability
from segmenter.errors import InvalidInput

CHOICES = ("everyone", "largest", "centre")
# Decisions are made on a small picture: people are large things.
WORKING_SIZE = 320
# A piece smaller than this share of the largest is a speck, not a person or a hand.
SPECK = 0.01
# A person's surely-hers pixels; her soft surroundings go where she goes.
SURE = 0.5


def choose_people(probability: Probability, choice: str = "everyone") -> Probability:
    """Set the probability of everybody who was not chosen, and of specks, to 0.

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
    count, labels, statistics, centres = cv2.connectedComponentsWithStats(
        (small > SURE).astype(np.uint8), connectivity=8
    )
    areas = statistics[1:, cv2.CC_STAT_AREA]
    if count <= 2:  # nobody, or one person in one piece
        return probability
    kept = {
        "everyone": lambda: np.flatnonzero(areas >= SPECK * areas.max()),
        "largest": lambda: areas.argmax(keepdims=True),
        "centre": lambda: nearest_to_centre(areas, centres[1:], size),
    }[choice]()
    if len(kept) == len(areas):
        return probability
    keep = nearest_label(labels, np.isin(np.arange(1, count), kept + 1))
    return probability * cv2.resize(keep, (width, height), interpolation=cv2.INTER_LINEAR)


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
