"""The part of a moving picture where people are: while they are small, it is looked at closely."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Mask, Probability
from segmenter.crops import LEAST_PIECE, Crop, crops_of, smallest_around
from segmenter.resample import enlarge, shrink

SEEN_SIDE = 320  # pixels, long side of the small picture in which people are looked for
# Height to width, and the long side at which the network sees such a part, as a share of the one
# for whole frames: about as many pixels each. Few, since it is made ready for each by itself.
SHAPES = ((13, 8, 13 / 12), (1, 1, 5 / 6), (8, 13, 13 / 12))
# Pixels, of which a part's sides are multiples: they are halved at little cost.
GRID = 4
# As shares of the frame: the largest part worth a look of its own, and, so that looks do not come
# and go, the largest that keeps it.
LARGEST, LARGEST_KEPT = 0.4, 0.5
# A part stays while it leaves so much of a new one's margin around people, and has at most so many
# times its area: whatever moves the part changes the outline a little.
KEPT_MARGIN, KEPT_AREA = 0.7, 1.6


@dataclass(frozen=True)
class Part:
    """Where to look, and how closely."""

    crop: Crop
    size_share: float  # long side at which to see it, of the one for whole frames


class Closeup:
    """Follows the people of one video or camera with a part of the frame, unless they are large."""

    def __init__(self):
        """Look at nothing yet."""
        self.reset()

    def reset(self) -> None:
        """Forget where people were, as at a scene cut."""
        self._part: Part | None = None
        self._before: Probability | None = None  # what was found in the last frame, small

    @property
    def is_close(self) -> bool:
        """Whether a part of the last frame was looked at."""
        return self._part is not None

    def choose(self, whole: Probability, height: int, width: int) -> Part | None:
        """Return the part of a frame to look at, None for no part.

        Args:
            whole: (h, w) float32 in [0, 1], what one look at all of it says.
            height: of the frame, in pixels.
            width: of the frame, in pixels.
        """
        self._part = self._chosen(self._people(whole), height, width)
        if self._part is None:
            self._before = None
        return self._part

    def has_news_around(self, known: NDArray[np.float32]) -> bool:
        """Tell whether outside the part somebody may have come since the last frame.

        Args:
            known: (h, w), 0 where the picture shows what it did not show before.
        """
        is_new = known == 0
        if self._part:
            self._part.crop.of(is_new)[:] = False
        return is_new.mean() >= LEAST_PIECE

    def remember(self, found: Probability) -> None:
        """Keep what was found in the frame in the end, (h, w) float32, for the next one."""
        self._before = shrink(found, SEEN_SIDE)

    def _people(self, whole: Probability) -> Mask:
        """Mark whom the look shows, and whom it does not but the last part showed."""
        small = shrink(whole, SEEN_SIDE)
        if self._before is not None:
            small = np.maximum(small, enlarge(self._before, *small.shape))
        return small > 0.5

    def _chosen(self, people: Mask, height: int, width: int) -> Part | None:
        crops = crops_of(people)
        if not crops:
            return None
        needed, least = smallest_around(crops), smallest_around(crops_of(people, KEPT_MARGIN))
        kept, largest = self._part, LARGEST_KEPT if self._part else LARGEST
        for wanted in (needed, least):
            new = fitting_part(wanted, height, width)
            if new and new.crop.share <= largest:
                holds = kept and kept.crop.holds(least)
                return kept if holds and kept.crop.share <= KEPT_AREA * new.crop.share else new
        return None


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
    """Return height and width, in whole pixels of GRID, of a shape at a scale.

    The shorter is rounded down, so that it takes no more padding than one of exactly this shape.
    """
    longest = math.ceil(scale * max(down, across) / GRID) * GRID
    tall, wide = (longest * side // (max(down, across) * GRID) * GRID for side in (down, across))
    return tall, wide


def beginning(middle: range, length: int, whole: int) -> int:
    """Return where a stretch around a shorter one begins so that it lies between 0 and `whole`."""
    return min(max(0, (middle.start + middle.stop - length) // 2), whole - length)
