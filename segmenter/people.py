"""Who is kept: everyone, the largest, the one in the middle or the one clicked; no specks.

People who touch form one piece of the mask. Where they only touch, by an arm or a shoulder, the
piece is narrow between them and is cut there; people who overlap stay together.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame, Mask, Probability, to_grey
from segmenter.errors import InvalidInput, NobodyThere
from segmenter.holes import SURE, WORKING_SIZE, doubtful_openings, open_gaps
from segmenter.resample import enlarge, shrink

CHOICES = ("everyone", "largest", "centre", "clicked")
Point = tuple[float, float]  # shares of width and height, from the upper left corner
# A speck is smaller than this share of the largest piece, and the network is nowhere sure of it.
# Chosen on 235 photos: of the people's pixels in small pieces few go (a foot, a face far away), of
# the others many.
SPECK, SURE_OF_IT = 0.02, 0.85
# A neck's width to that of the narrower of the two people it joins; an arm between two people is
# a neck, shoulders are none.
NECK = 0.5
NECK_STEPS = 8
# What a part needs, to the largest part, to be a person: area, height and being beside it. A head
# is narrow at its neck too, but lies above its body.
LEAST_AREA, LEAST_HEIGHT, LEAST_OVERLAP = 0.25, 0.5, 0.5
# How far beside a person a click may go, to the long side.
NEAR_ENOUGH = 0.02


def choose_people(
    probability: Probability,
    choice: str = "everyone",
    point: Point | None = None,
    *,
    frame: Frame | None = None,
) -> Probability:
    """Drop everybody who was not chosen, and specks; fill holes, and open gaps.

    Args:
        probability: (h, w) float32 in [0, 1].
        choice: one of `CHOICES`.
        point: with `clicked`, a place on the one to keep.
        frame: (H, W, 3) uint8 RGB of the same aspect, whose colours tell holes from gaps; None
            where they are not at hand: all that may be a hole is filled.

    Raises:
        InvalidInput: another choice, or a point is missing or too many.
        NobodyThere: a click on the background.
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
    """Refuse a choice that there is not, and a point without `clicked` or the other way round.

    Raises:
        InvalidInput: as its message says.
    """
    if choice not in CHOICES:
        raise InvalidInput(f"can't keep {choice!r}; choose {', '.join(CHOICES)}")
    if (choice == "clicked") != (point is not None):
        raise InvalidInput("a point and the choice 'clicked' need each other; give both or neither")
    if point is not None and not (len(point) == 2 and all(0 <= share <= 1 for share in point)):
        raise InvalidInput(
            f"a point is two shares, 0 to 1, of the picture's width and height; got {point}"
        )


Labels = NDArray[np.int32]  # (h, w): 0 for background, then a number for each piece


def kept_region(small: Probability, choice: str, point: Point | None) -> Probability | None:
    """Return 1 near the kept people and 0 near the others, (h, w) float32; None to keep all."""
    labels = without_specks(small)
    if choice == "everyone":
        kept = labels > 0
    else:
        labels = taken_apart(labels)
        kept = labels == chosen_label(labels, choice, point)
    dropped = (small > SURE) & ~kept
    if not dropped.any():
        return None
    nearest, _ = spread(np.where(kept, 1, 2 * dropped).astype(np.int32))
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


def peaks(values: NDArray[np.float32], labels: Labels, count: int) -> NDArray[np.float32]:
    """Return the largest value under each label, (count,); 0 for the background."""
    found, inside = np.zeros(count, np.float32), labels > 0
    np.maximum.at(found, labels[inside], values[inside])
    return found


def spread(labels: Labels) -> tuple[Labels, NDArray[np.float32]]:
    """Give every pixel the label of the nearest labelled one, and its distance in pixels."""
    distance, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # Numbers of single pixels, translated into the labels of those pixels.
    label_of = np.zeros(nearest.max() + 1, np.int32)
    label_of[nearest[labels > 0]] = labels[labels > 0]
    return label_of[nearest], distance


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
    distances[areas < 0.1 * areas.max()] = np.inf
    return int(distances.argmin()) + 1


def label_at(labels: Labels, point: Point) -> int:
    """Return the label at a point or right beside it.

    Raises:
        NobodyThere: there is none.
    """
    height, width = labels.shape
    at = min(int(point[1] * height), height - 1), min(int(point[0] * width), width - 1)
    if labels.any():
        label, distance = spread(labels)
        if distance[at] <= NEAR_ENOUGH * max(height, width):
            return int(label[at])
    x, y = point
    raise NobodyThere(f"nobody was found at {x:.3g},{y:.3g} (shares of the picture's sides)")


def taken_apart(labels: Labels) -> Labels:
    """Give people who touch each other numbers of their own."""
    apart, count = np.zeros_like(labels), 0
    for piece in range(1, labels.max() + 1):
        left, top, width, height = cv2.boundingRect((labels == piece).astype(np.uint8))
        # With a pixel of what is around it, whose distance tells how thick the piece is.
        window = (
            slice(max(0, top - 1), top + height + 1),
            slice(max(0, left - 1), left + width + 1),
        )
        for person in fall_apart(labels[window] == piece):
            count += 1
            apart[window][person] = count
    return apart


def fall_apart(piece: Mask) -> list[Mask]:
    """Cut a piece at its necks, as long as person-sized parts come out."""
    depth = cv2.distanceTransform(piece.astype(np.uint8), cv2.DIST_L2, 5)
    for neck in np.unique(np.geomspace(1, max(1, NECK * depth.max()), NECK_STEPS)):
        count, cores = cv2.connectedComponents((depth > neck).astype(np.uint8), connectivity=8)
        thick = np.flatnonzero(NECK * peaks(depth, cores, count) >= neck)
        if len(thick) < 2:
            continue
        people = thick[person_sized(parts_around(piece, cores, thick))]
        if len(people) > 1:
            return [
                person for part in parts_around(piece, cores, people) for person in fall_apart(part)
            ]
    return [piece]


def parts_around(piece: Mask, cores: Labels, chosen: NDArray[np.intp]) -> list[Mask]:
    """Give every pixel of the piece to the chosen core that is nearest on ways inside it."""
    markers = np.where(np.isin(cores, chosen), cores, 0).astype(np.int32)
    # Floods rise alike on the flat piece, and only then over its edge. The outermost line of a
    # picture is never flooded.
    markers, flat = (
        cv2.copyMakeBorder(one, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        for one in (markers, to_grey(piece))
    )
    flooded = cv2.watershed(cv2.merge([flat] * 3), markers)[1:-1, 1:-1]
    # They leave lines between them.
    nearest, _ = spread(np.where(np.isin(flooded, chosen), flooded, 0))
    return [piece & (nearest == core) for core in chosen]


def person_sized(parts: list[Mask]) -> list[int]:
    """Return which parts could be people beside the largest, itself included."""
    areas = [part.sum() for part in parts]
    rows = [np.flatnonzero(part.any(axis=1))[[0, -1]] + (0, 1) for part in parts]
    top, end = rows[int(np.argmax(areas))]

    def is_person(area: int, own_top: int, own_end: int) -> bool:
        height, beside = own_end - own_top, min(end, own_end) - max(top, own_top)
        return (
            area >= LEAST_AREA * max(areas)
            and height >= LEAST_HEIGHT * (end - top)
            and beside >= LEAST_OVERLAP * min(height, end - top)
        )

    return [i for i, area in enumerate(areas) if is_person(area, *rows[i])]
