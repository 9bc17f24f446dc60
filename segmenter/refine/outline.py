"""A person's outline: how far it is, and moved or softened at will."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Alpha, Mask
from segmenter.resample import enlarge, shrink_to

# Pixels; a step's time grows with its square, and of smaller steps a disc would become a polygon.
LONGEST_STEP_PX = 6
# Pixels: a wider blur is made on a smaller picture, in which it is at most as wide as this.
WIDEST_BLUR_PX = 8


def distance_to_outline(person: Mask) -> NDArray[np.float32]:
    """Return the distance of every pixel's middle to the mask's outline, in pixels, (h, w).

    Huge where there is no outline; beside it about 0.5.
    """
    inside = person.astype(np.uint8)
    # Of the two distances, to the nearest pixel of the other side, one is 0.
    to_other_side = (cv2.distanceTransform(one, cv2.DIST_L2, 3) for one in (inside, 1 - inside))
    return np.maximum(*to_other_side) - 0.5


def shifted(alpha: Alpha, shift_px: float) -> Alpha:
    """Grow or shrink a person by `shift_px`, fractions included; the outline stays as soft.

    Args:
        alpha: (H, W) float32 in [0, 1].
        shift_px: pixels, outwards when positive; not 0.

    Returns:
        (H, W) float32 in [0, 1].
    """
    whole = math.ceil(abs(shift_px))
    part = whole - abs(shift_px)
    moved = grown if shift_px > 0 else shrunk
    if not part:
        return moved(alpha, whole)
    return cv2.addWeighted(moved(alpha, whole), 1 - part, moved(alpha, whole - 1), part, 0)


def grown(alpha: Alpha, by: int) -> Alpha:
    """Give each pixel the largest alpha within so many pixels, step by step."""
    for step in steps_of(by):
        alpha = cv2.dilate(alpha, disc(step))
    return alpha


def shrunk(alpha: Alpha, by: int) -> Alpha:
    """Give each pixel the smallest alpha within so many pixels, step by step."""
    for step in steps_of(by):
        alpha = cv2.erode(alpha, disc(step))
    return alpha


def steps_of(by: int) -> list[int]:
    """Split a number of pixels into about equal steps of at most `LONGEST_STEP_PX`."""
    count = -(-by // LONGEST_STEP_PX)
    return [(by + number) // count for number in range(count)]


def disc(radius: int) -> Mask:
    """Return a disc of so many pixels to each side."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def softened(alpha: Alpha, deviation_px: float) -> Alpha:
    """Blur (H, W) by a Gaussian of that standard deviation; a wide one on a smaller picture."""
    height, width = alpha.shape
    times = 2 ** max(0, math.ceil(math.log2(deviation_px / WIDEST_BLUR_PX)))
    if times == 1:
        return cv2.GaussianBlur(alpha, (0, 0), deviation_px)
    small = shrink_to(alpha, -(-height // times), -(-width // times))
    # Shrinking and enlarging blur too: by a box and a tent of a small pixel's width.
    own = (1 / 12 + 1 / 6) * times**2
    deviation = math.sqrt(deviation_px**2 - own) / times
    blurred = cv2.GaussianBlur(small, (0, 0), deviation, borderType=cv2.BORDER_REFLECT)
    return enlarge(blurred, height, width)
