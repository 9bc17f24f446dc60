"""From a frame to the network's batch, and back from its logits to a probability."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame, Probability
from segmenter.resample import enlarge, fit, shrink_to

Batch = NDArray[np.float32]  # (1, 3, h, w), normalised
# Longer pictures than this, length by width, are seen with the area of such a one: else the people
# in panoramas and films would be small. What is longer than LONGEST is a line and no picture, which
# padding would make large.
LONG, LONGEST = 1.8, 16


@dataclass(frozen=True)
class Geometry:
    """How a frame lies in its batch: shrunk to `inner`, then continued below and on the right."""

    height: int
    width: int
    inner_height: int
    inner_width: int

    def inner_part(self, small: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the padding off (h, w) values."""
        return small[: self.inner_height, : self.inner_width]


def padded_shape(height: int, width: int, multiple: int) -> tuple[int, int]:
    """Return both sides, in pixels, rounded up to multiples of `multiple`."""
    return height + -height % multiple, width + -width % multiple


def seen_side(height: int, width: int, size: int) -> int:
    """Return the long side, in pixels, at which the network sees a picture.

    It is `size`, and more where the picture is longer than `LONG`.
    """
    length = min(max(height, width) / min(height, width), LONGEST)
    return round(size * max(1, length / LONG) ** 0.5)


def seen_shape(height: int, width: int, size: int) -> tuple[int, int]:
    """Return the height and width at which the network sees a picture; the aspect is kept."""
    return fit(height, width, seen_side(height, width, size))


def to_batch(
    frame: Frame, size: int, multiple: int, mean: tuple[float, ...], std: tuple[float, ...]
) -> tuple[Batch, Geometry]:
    """Shrink (or enlarge) a frame to long side `size`, pad to `multiple`, and normalise.

    The aspect is kept; the padding mirrors the picture. (Were the last row and column repeated, the
    network would take them for background, also beside people whom the picture cuts off.)

    Args:
        frame: (H, W, 3) uint8 RGB.
        size: pixels of the long side the network sees.
        multiple: height and width of the batch are multiples of this.
        mean: subtracted from pixels in [0, 1], one per channel.
        std: divides them then, one per channel.

    Returns:
        The batch, (1, 3, h, w) float32, and what undoes resize and padding.
    """
    height, width = frame.shape[:2]
    inner_height, inner_width = fit(height, width, size)
    if inner_height <= height and inner_width <= width:
        small = shrink_to(frame, inner_height, inner_width)
    else:
        small = enlarge(frame, inner_height, inner_width)
    rows, columns = padded_shape(inner_height, inner_width, multiple)
    small = cv2.copyMakeBorder(
        small, 0, rows - inner_height, 0, columns - inner_width, cv2.BORDER_REFLECT_101
    )
    batch = normalise(small, mean, std)
    return batch, Geometry(height, width, inner_height, inner_width)


def normalise(picture: Frame, mean: tuple[float, ...], std: tuple[float, ...]) -> Batch:
    """Turn (h, w, 3) uint8 into a batch of one: (value / 255 - mean) / std, plane after plane."""
    batch = np.empty((1, 3, *picture.shape[:2]), np.float32)
    for values, plane, plane_mean, plane_std in zip(
        batch[0], cv2.split(picture), mean, std, strict=True
    ):
        np.multiply(plane, np.float32(1 / (255 * plane_std)), out=values)
        values -= np.float32(plane_mean / plane_std)
    return batch


def restore(small: NDArray[np.float32], geometry: Geometry) -> Probability:
    """Undo `to_batch`: take the padding off (h, w) values in [0, 1], enlarge to the frame."""
    return enlarge(geometry.inner_part(small), geometry.height, geometry.width)
