"""Who is kept: everyone, the largest, the one in the middle or the one clicked; no specks."""

from typing import Any

import cv2
import numpy as np

from segmenter.arrays import Frame, Probability
from segmenter.errors import InvalidInput, NobodyThere
from segmenter.people.holes import SURE, WORKING_SIZE, doubtful_openings, open_gaps
from segmenter.people.labels import Labels, nearest_labels, peaks
from segmenter.people.touching import split_touching
from segmenter.resample import enlarge, shrink

CHOICES = ("everyone", "largest", "centre", "clicked")
Point = tuple[float, float]  # shares of width and height, from the upper left corner
# A speck is smaller than the first, as a share of the largest piece, and nowhere more probable than
# the second. Chosen on 235 photos: of the pixels in small pieces it drops few that are people's (a
# foot, a face far away), and many of the others.
SPECK, SURE_OF_IT = 0.02, 0.85
SIZABLE = 0.1  # of the largest piece: smaller ones are not looked at for who is in the centre
NEAR_ENOUGH = 0.02  # of the long side: how far beside a person a click may be


def choose_people(
    probability: Probability, frame: Frame, choice: str = "everyone", point: Point | None = None
) -> Probability:
    """Drop everybody who was not chosen, and specks; fill holes, and open gaps.

    Args:
        probability: (h, w) float32 in [0, 1].
        frame: (H, W, 3) uint8 RGB of the same aspect, whose colours tell holes from gaps.
        choice: one of `CHOICES`.
        point: a place on the one to keep; with `clicked`, and only then.

    Returns:
        (h, w) float32 in [0, 1]: 0 where somebody was dropped, raised where a hole was filled.

    Raises:
        InvalidInput: an unknown choice, or `clicked` and a point do not come together.
        NobodyThere: the point is on the background.
    """
    require_choice(choice, point)
    height, width = probability.shape
    small = shrink(probability, WORKING_SIZE)

    holes, gaps = doubtful_openings(small, frame)
    probability = open_gaps(probability, gaps)
    small = np.where(gaps, 0, small)
    if holes.any():
        # A pixel wider, to cover the hole's soft rim.
        filled = cv2.dilate(holes.astype(np.float32), np.ones((3, 3), np.uint8))
        probability = np.maximum(probability, enlarge(filled, height, width))
        small = np.maximum(small, filled)
    keep = kept_region(small, choice, point)
    return probability if keep is None else probability * enlarge(keep, height, width)


def require_choice(choice: str, point: Point | None) -> None:
    """Check who is to be kept.

    Raises:
        InvalidInput: an unknown choice; `clicked` without a point, or a point without `clicked`; a
            point outside the picture.
    """
    if choice not in CHOICES:
        raise InvalidInput(f"can't keep {choice!r}; choose {', '.join(CHOICES)}")
    if (choice == "clicked") != (point is not None):
        raise InvalidInput("a point and the choice 'clicked' need each other; give both or neither")
    if point is not None and not is_place(point, 0, 1):
        raise InvalidInput(
            f"a point is two shares, 0 to 1, of the picture's width and height; got {point}"
        )


def is_place(point: Any, least: float, most: float) -> bool:
    """Tell whether something is a point, both of whose shares lie between two numbers."""
    try:
        x, y = point
        return bool(least <= x <= most and least <= y <= most)
    except (TypeError, ValueError):  # not two, or no numbers
        return False


def kept_region(small: Probability, choice: str, point: Point | None) -> Probability | None:
    """Return 1 near the kept people and 0 near the others, (h, w) float32; None to keep all."""
    labels = without_specks(small)
    if choice == "everyone":
        kept = labels > 0
    else:
        labels = split_touching(labels)
        kept = labels == chosen_label(labels, choice, point)
    dropped = (small > SURE) & ~kept
    if not dropped.any():
        return None
    nearest, _ = nearest_labels(np.where(kept, 1, 2 * dropped).astype(np.int32))
    return (nearest == 1).astype(np.float32)


def chosen_label(labels: Labels, choice: str, point: Point | None) -> int:
    """Return the label of the one to keep."""
    if choice == "clicked":
        return label_at(labels, point)
    if not labels.any():
        return 0
    return largest(labels) if choice == "largest" else nearest_to_centre(labels)


def without_specks(small: Probability) -> Labels:
    """Number the pieces of the people, and leave specks out."""
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(
        (small > SURE).astype(np.uint8), connectivity=8
    )
    if count <= 2:  # nobody, or one piece
        return labels
    areas = statistics[:, cv2.CC_STAT_AREA]
    is_sizable = areas >= SPECK * areas[1:].max()
    is_kept = is_sizable | (peaks(small, labels, count) > SURE_OF_IT)
    is_kept[0] = False
    return np.where(is_kept, np.cumsum(is_kept), 0).astype(np.int32)[labels]


def largest(labels: Labels) -> int:
    """Return the label with most pixels."""
    return int(np.bincount(labels.ravel())[1:].argmax()) + 1


def nearest_to_centre(labels: Labels) -> int:
    """Return the label of the sizable piece whose middle is nearest the picture's."""
    rows, columns = np.indices(labels.shape)
    flat = labels.ravel()
    areas = np.bincount(flat)[1:]
    middle = [np.bincount(flat, axis.ravel())[1:] / areas for axis in (rows, columns)]
    distances = np.hypot(middle[0] - labels.shape[0] / 2, middle[1] - labels.shape[1] / 2)
    distances[areas < SIZABLE * areas.max()] = np.inf
    return int(distances.argmin()) + 1


def label_at(labels: Labels, point: Point) -> int:
    """Return the label at a point or right beside it.

    Raises:
        NobodyThere: there is none.
    """
    height, width = labels.shape
    at = min(int(point[1] * height), height - 1), min(int(point[0] * width), width - 1)
    if labels.any():
        label, distance = nearest_labels(labels)
        if distance[at] <= NEAR_ENOUGH * max(height, width):
            return int(label[at])
    x, y = point
    raise NobodyThere(f"nobody was found at {x:.3g},{y:.3g} (shares of the picture's sides)")
