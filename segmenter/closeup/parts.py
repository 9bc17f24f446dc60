"""The parts of a moving picture where people are: while small, they are looked at closely."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Mask, Probability
from segmenter.closeup.crops import (
    LEAST_PIECE,
    MOST_PARTS,
    Crop,
    crops_of,
    merge_overlapping,
    smallest_around,
)
from segmenter.resample import enlarge, shrink

SEEN_SIDE = 320  # pixels, long side of the small picture in which people are looked for
# Height to width of parts, and the long side at which the network sees one, as a share of that for
# whole frames: all have about as many pixels. Few shapes, since a session is made for each.
SHAPES = ((13, 8, 13 / 12), (1, 1, 5 / 6), (8, 13, 13 / 12))
# Pixels, of which a part's sides are multiples: they are halved at little cost.
GRID = 4
# Pixels of a part's long side: one much smaller, rounded so, would have another shape.
LEAST_SIDE = 88
# Where nobody is seen, these are looked at in turn: somebody small may be there. They have the
# frame's own shape, so that no further session is needed.
QUARTERS = tuple(Crop(top, top + 0.6, left, left + 0.6) for top in (0.4, 0) for left in (0, 0.4))
# The largest part that is worth a look of its own, as a share of the frame: alone, and as one of
# several. Parts already looked at may be so many times larger, so that looks do not come and go.
LARGEST, LARGEST_OF_SEVERAL, LARGER_KEPT = 0.4, 0.25, 1.25
# More parts than a few are seen at this share of the size, so that all together cost little more.
FEW, LESS_CLOSELY = 2, 3 / 4
# Parts stay where they are while they leave at least this share of the usual margin around people,
# and have at most so many times the area of new ones: moving a part changes the outline a little.
KEPT_MARGIN, KEPT_AREA = 0.7, 1.6


@dataclass(frozen=True)
class Part:
    """Where to look, and how closely."""

    crop: Crop
    size_share: float  # long side at which to see it, of the one for whole frames


class Closeup:
    """Follows the people of one video or camera with parts of the frame, unless they are large."""

    def __init__(self):
        """Look at nothing yet."""
        self._quarter = -1
        self.reset()

    def reset(self) -> None:
        """Forget where people were, as at a scene cut."""
        self._parts: list[Part] = []
        self._before: Probability | None = None  # what was found in the last frame, small

    @property
    def is_close(self) -> bool:
        """Whether parts of the last frame were looked at."""
        return bool(self._parts)

    def choose(self, whole: Probability, height: int, width: int) -> list[Part]:
        """Return the parts of a frame to look at, without overlap; none may be worth it.

        Args:
            whole: (h, w) float32 in [0, 1], what one look at all of it says.
            height: of the frame, in pixels.
            width: of the frame, in pixels.
        """
        self._parts = self._chosen(self._people(whole), height, width)
        if not self._parts:
            self._before = None
        return list(self._parts)

    def next_quarter(self) -> Crop:
        """Return the quarter of the frame to look for somebody small in."""
        self._quarter = (self._quarter + 1) % len(QUARTERS)
        return QUARTERS[self._quarter]

    def has_news_around(self, known: NDArray[np.float32]) -> bool:
        """Tell whether outside the parts somebody may have come since the last frame.

        Args:
            known: (h, w), 0 where the picture shows what it did not show before.
        """
        is_new = known == 0
        for part in self._parts:
            part.crop.of(is_new)[:] = False
        return is_new.mean() >= LEAST_PIECE

    def remember(self, found: Probability) -> None:
        """Keep what was found in the frame in the end, (h, w) float32, for the next one."""
        self._before = shrink(found, SEEN_SIDE)

    def _people(self, whole: Probability) -> Mask:
        """Mark whom the look shows, and whom it does not but the last parts showed."""
        small = shrink(whole, SEEN_SIDE)
        if self._before is not None:
            small = np.maximum(small, enlarge(self._before, *small.shape))
        return small > 0.5

    def _chosen(self, people: Mask, height: int, width: int) -> list[Part]:
        needed, least = crops_of(people), crops_of(people, KEPT_MARGIN)
        if not needed:
            return []
        for crops in ([smallest_around(needed)], [smallest_around(least)], needed, least):
            new = fitting_parts(crops, height, width)
            if self._are_worth_it(new):
                return self._parts if self._still_serves(least, area(new)) else new
        return []

    def _are_worth_it(self, new: list[Part]) -> bool:
        largest = LARGEST if len(new) == 1 else LARGEST_OF_SEVERAL
        if len(new) == len(self._parts):
            largest *= LARGER_KEPT
        return 0 < len(new) <= MOST_PARTS and all(part.crop.share <= largest for part in new)

    def _still_serves(self, least: list[Crop], new_area: float) -> bool:
        held = all(any(part.crop.holds(crop) for part in self._parts) for crop in least)
        return held and area(self._parts) <= KEPT_AREA * new_area


def area(parts: Sequence[Part]) -> float:
    """Return the share of the frame that parts fill."""
    return sum(part.crop.share for part in parts)


def fitting_parts(crops: list[Crop], height: int, width: int) -> list[Part]:
    """Return parts around crops of a frame (height, width), without overlap.

    No part at all when the frame has no room for one of them.
    """
    crops = merge_overlapping(crops)
    while True:
        parts = [part for crop in crops if (part := fitting_part(crop, height, width))]
        if len(parts) < len(crops):
            return []
        crops = merge_overlapping([part.crop for part in parts])
        if len(crops) == len(parts):
            share = 1 if len(parts) <= FEW else LESS_CLOSELY
            return [replace(part, size_share=share * part.size_share) for part in parts]


def fitting_part(needed: Crop, height: int, width: int) -> Part | None:
    """Return the smallest part of one of SHAPES around a crop of a frame (height, width).

    None when the frame has room for none.
    """
    rows, columns = needed.pixels(height, width)
    fits = []
    for down, across, size_share in SHAPES:
        scale = max(len(rows) / down, len(columns) / across)
        tall, wide = sides(scale, down, across)
        if tall < len(rows) or wide < len(columns):
            tall, wide = sides(scale + GRID / min(down, across), down, across)
        if tall <= height and wide <= width:
            fits.append((tall * wide, tall, wide, size_share))
    if not fits:
        return None
    _, tall, wide, size_share = min(fits)
    top, left = beginning(rows, tall, height), beginning(columns, wide, width)
    crop = Crop(top / height, (top + tall) / height, left / width, (left + wide) / width)
    return Part(crop, size_share)


def sides(scale: float, down: int, across: int) -> tuple[int, int]:
    """Return height and width in pixels, multiples of GRID, of a shape at a scale.

    The shorter one is rounded down, so that it needs no more padding than an exact shape would.
    """
    longest = max(LEAST_SIDE, math.ceil(scale * max(down, across) / GRID) * GRID)
    tall, wide = (longest * side // (max(down, across) * GRID) * GRID for side in (down, across))
    return tall, wide


def beginning(middle: range, length: int, whole: int) -> int:
    """Return where `length` pixels begin, around `middle`, moved to lie between 0 and `whole`."""
    return min(max(0, (middle.start + middle.stop - length) // 2), whole - length)
