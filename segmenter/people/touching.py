"""People who touch each other, told apart.

People who touch form one piece of the mask. Where they only touch, by an arm or a shoulder, the
piece is narrow between them and is cut there; people who overlap stay together.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Mask, to_uint8
from segmenter.people.labels import Labels, nearest_labels, peaks

# A neck joins two people and is at most this wide, as a share of the narrower one's width. An arm
# between two people is a neck; shoulders are too wide.
NECK = 0.5
NECK_STEPS = 8  # widths that are tried, from a pixel to the widest neck
# A part is a person if, compared with the largest part, it has this share of its area and of its
# height, and stands beside it for this share of the lower one's height. A head is narrow at its
# neck too, but lies above its body.
LEAST_AREA, LEAST_HEIGHT, LEAST_OVERLAP = 0.25, 0.5, 0.5


def split_touching(labels: Labels) -> Labels:
    """Give people who touch each other numbers of their own; (h, w) int32, as given."""
    apart, count = np.zeros_like(labels), 0
    for piece in range(1, labels.max() + 1):
        left, top, width, height = cv2.boundingRect((labels == piece).astype(np.uint8))
        # With a pixel of what is around it, whose distance tells how thick the piece is.
        window = (
            slice(max(0, top - 1), top + height + 1),
            slice(max(0, left - 1), left + width + 1),
        )
        for person in split_at_necks(labels[window] == piece):
            count += 1
            apart[window][person] = count
    return apart


def split_at_necks(piece: Mask) -> list[Mask]:
    """Cut a piece (h, w) at its necks, again and again while the parts are as large as people."""
    depth = cv2.distanceTransform(piece.astype(np.uint8), cv2.DIST_L2, 5)
    for neck in np.unique(np.geomspace(1, max(1, NECK * depth.max()), NECK_STEPS)):
        count, cores = cv2.connectedComponents((depth > neck).astype(np.uint8), connectivity=8)
        thick = np.flatnonzero(NECK * peaks(depth, cores, count) >= neck)
        if len(thick) < 2:
            continue
        people = thick[person_sized(parts_around(piece, cores, thick))]
        if len(people) > 1:
            return [
                person
                for part in parts_around(piece, cores, people)
                for person in split_at_necks(part)
            ]
    return [piece]


def parts_around(piece: Mask, cores: Labels, chosen: NDArray[np.intp]) -> list[Mask]:
    """Give every pixel of the piece to the chosen core that is nearest on ways inside it."""
    markers = np.where(np.isin(cores, chosen), cores, 0).astype(np.int32)
    # The piece is flat and its surroundings higher, so floods from the cores fill the piece at the
    # same pace before they leave it. Watershed never floods the outermost line of a picture: hence
    # the border.
    markers, flat = (
        cv2.copyMakeBorder(one, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        for one in (markers, to_uint8(piece))
    )
    flooded = cv2.watershed(cv2.merge([flat] * 3), markers)[1:-1, 1:-1]
    # Floods leave lines between them.
    nearest, _ = nearest_labels(np.where(np.isin(flooded, chosen), flooded, 0))
    return [piece & (nearest == core) for core in chosen]


def person_sized(parts: list[Mask]) -> list[int]:
    """Return which parts, by their index, could be people: the largest, and others beside it."""
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
