"""Chosen pixels of a picture, without work for those nobody asked for."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Four neighbours at once are read and written three times as fast as one by one.
LONGEST_RUN = 4
# remap takes pictures of points, of fewer than 32,768 rows and columns: 134 million points.
POINTS_A_ROW = 4096


@dataclass(frozen=True)
class Places:
    """N chosen pixels of an (H, W) picture, in order, as short runs of neighbours in a row."""

    runs: NDArray[np.intp]  # (M,), flat indices into (H, W / length)
    length: int  # of each run, in pixels; it divides W
    height: int
    width: int

    @classmethod
    def where(cls, mask: NDArray[np.uint8]) -> "Places":
        """Choose the runs in which any pixel of (H, W) is not 0."""
        height, width = mask.shape
        length = math.gcd(width, LONGEST_RUN)
        is_chosen = mask.reshape(-1).view(f"u{length}") != 0
        return cls(np.flatnonzero(is_chosen), length, height, width)

    def __len__(self) -> int:
        """Return N."""
        return len(self.runs) * self.length

    def read(self, pixels: NDArray) -> NDArray:
        """Return the chosen ones of (H, W) or (H, W, C); (N,) or (N, C)."""
        channels = pixels.shape[2:]
        rows = pixels.reshape(-1, self.length * math.prod(channels))
        return rows.take(self.runs, axis=0).reshape(-1, *channels)

    def write(self, pixels: NDArray, values: NDArray) -> None:
        """Put (N,) or (N, C) values into contiguous (H, W) or (H, W, C) of the same dtype."""
        # As one item a run, for which numpy is several times as fast.
        run = f"V{self.length * pixels.itemsize * math.prod(pixels.shape[2:])}"
        pixels.reshape(-1).view(run)[self.runs] = values.reshape(-1).view(run)

    def sample(self, *smalls: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Read small pictures, bilinearly, where the chosen pixels of the large one lie in them.

        Args:
            smalls: of one size, (h, w, C) float32, C at most 4; 4 are read faster than 3.

        Returns:
            (N, C) float32 of each.
        """
        rows, columns = np.divmod(self.runs, self.width // self.length)
        x = centres(self.width, smalls[0].shape[1]).reshape(-1, self.length)
        y = np.repeat(centres(self.height, smalls[0].shape[0]), self.length)
        points = (
            in_lines(x.take(columns, axis=0)),
            in_lines(y.reshape(-1, self.length).take(rows, axis=0)),
        )
        values = (
            cv2.remap(small, *points, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for small in smalls
        )
        return [found.reshape(-1, found.shape[2])[: len(self)] for found in values]


@dataclass(frozen=True)
class Rim:
    """The pixels of a picture that show both sides, and the person's part in them."""

    places: Places  # N
    colours: NDArray[np.uint8]  # (N, 3), the person's own
    coverage: NDArray[np.float32]  # (N,), alpha
    inside: NDArray[np.uint8]  # (H, W), 255 where the person is, 0 beyond; either at the places


def centres(size: int, smaller: int) -> NDArray[np.float32]:
    """Return where the centres of a line of pixels lie in one of fewer pixels."""
    return (np.arange(size, dtype=np.float32) + 0.5) * np.float32(smaller / size) - 0.5


def in_lines(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay points out in one or more lines of POINTS_A_ROW, the last one filled up with zeros."""
    lines = max(1, -(-points.size // POINTS_A_ROW))
    filled = np.zeros((lines, POINTS_A_ROW), np.float32)
    filled.reshape(-1)[: points.size] = points.reshape(-1)
    return filled
