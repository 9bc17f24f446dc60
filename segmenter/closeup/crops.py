"""The parts of a picture where people are, to be seen and studied closely when they are small."""

import math
from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Mask

# Context left around somebody, as a share of the longer side of the box around them.
MARGIN = 0.2
# Smaller pieces, as shares of the photo, are nobody.
LEAST_PIECE = 0.0005
# Parts that together fill more of the photo than this are not worth a look of their own. More parts
# than so many are joined into one, since each look takes its time.
LARGEST_SHARE, MOST_PARTS = 0.5, 4
ROUNDING = 1e-6  # of shares, and of pixels counted with them


@dataclass(frozen=True)
class Crop:
    """A part of a picture, as shares, 0 to 1, of its height and width, so that it fits any size."""

    top: float
    bottom: float
    left: float
    right: float

    @property
    def share(self) -> float:
        """The part's area, of the photo's."""
        return (self.bottom - self.top) * (self.right - self.left)

    def of(self, pixels: NDArray) -> NDArray:
        """Return the part of (H, W) or (H, W, C), at least one pixel, without copying it."""
        rows, columns = self.pixels(*pixels.shape[:2])
        return pixels[rows.start : rows.stop, columns.start : columns.stop]

    def pixels(self, height: int, width: int) -> tuple[range, range]:
        """Return the rows and columns of a picture (height, width) that the part touches."""
        rows = pixels_between(self.top, self.bottom, height)
        return rows, pixels_between(self.left, self.right, width)

    def overlaps(self, other: "Crop") -> bool:
        """Tell whether both have a place in common."""
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        across = min(self.right, other.right) - max(self.left, other.left)
        return down >= 0 and across >= 0

    def holds(self, other: "Crop") -> bool:
        """Tell whether no place of the other lies outside, but for rounding errors."""
        return self.joined(other).share <= self.share + ROUNDING

    def joined(self, other: "Crop") -> "Crop":
        """Return the smallest crop that holds both."""
        return Crop(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )


WHOLE = Crop(0, 1, 0, 1)


def pixels_between(first: float, last: float, length: int) -> range:
    """Return which of `length` pixels in a row lie between two shares, at least in part."""
    return range(int(first * length + ROUNDING), math.ceil(last * length - ROUNDING))


def crops_around(people: Mask) -> list[Crop]:
    """Return the parts of (h, w) that hold people and some context, without overlap.

    No part where nobody is, nor where people fill so much that the whole shows them as well.
    """
    crops = merge_overlapping(crops_of(people))
    if len(crops) > MOST_PARTS:
        crops = [smallest_around(crops)]
    return crops if sum(crop.share for crop in crops) <= LARGEST_SHARE else []


def crops_of(people: Mask, margin_share: float = 1) -> list[Crop]:
    """Return the part of (h, w) around every piece.

    Args:
        people: (h, w) bool; pieces smaller than `LEAST_PIECE` are nobody.
        margin_share: of the usual margin, `MARGIN`.
    """
    height, width = people.shape
    _, _, found, _ = cv2.connectedComponentsWithStats(people.astype(np.uint8), connectivity=8)
    pieces = found[1:][found[1:, cv2.CC_STAT_AREA] >= LEAST_PIECE * people.size]
    crops = []
    for left, top, across, down, _ in pieces:
        margin = margin_share * MARGIN * max(across, down)
        crops.append(
            Crop(
                max(0, top - margin) / height,
                min(height, top + down + margin) / height,
                max(0, left - margin) / width,
                min(width, left + across + margin) / width,
            )
        )
    return crops


def smallest_around(crops: list[Crop]) -> Crop:
    """Return the smallest crop that holds all, one or more."""
    return reduce(Crop.joined, crops)


def merge_overlapping(crops: list[Crop]) -> list[Crop]:
    """Join crops that overlap until none do."""
    done: list[Crop] = []
    for crop in crops:
        while touched := [other for other in done if other.overlaps(crop)]:
            done = [other for other in done if other not in touched]
            crop = reduce(Crop.joined, touched, crop)
        done.append(crop)
    return done
