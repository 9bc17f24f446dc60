"""Pixels at another size."""

import cv2
from numpy.typing import NDArray


def shrink(pixels: NDArray, long_side: int) -> NDArray:
    """Shrink (H, W) or (H, W, C) to a long side of at most `long_side`; the aspect is kept."""
    height, width = pixels.shape[:2]
    scale = min(1.0, long_side / max(height, width))
    return shrink_to(pixels, max(1, round(height * scale)), max(1, round(width * scale)))


def halve(pixels: NDArray, long_side: int) -> NDArray:
    """Halve (H, W, C) by averages while it takes whole pixels and stays at least `long_side` long.

    Pictures of a long side of `long_side` or less come out the same when `shrink` makes them from
    this one, so several of them share the work.
    """
    while is_halved_well(pixels, 1, 1) and max(pixels.shape[:2]) >= 2 * long_side:
        half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        pixels = cv2.resize(pixels, half, interpolation=cv2.INTER_AREA)
    return pixels


def shrink_to(pixels: NDArray, height: int, width: int) -> NDArray:
    """Shrink (H, W) or (H, W, C) to (height, width), neither larger than it is.

    Halved by averages while that takes whole pixels, then interpolated, as from a pyramid
    (Williams 1983): ten times as fast as averages over parts of pixels, and alias-free too.

    Returns:
        A new array, or `pixels` itself when there is nothing to do.
    """
    while is_halved_well(pixels, height, width):
        half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        pixels = cv2.resize(pixels, half, interpolation=cv2.INTER_AREA)
    if pixels.shape[:2] == (height, width):
        return pixels
    is_far = pixels.shape[0] >= 2 * height or pixels.shape[1] >= 2 * width
    method = cv2.INTER_AREA if is_far else cv2.INTER_LINEAR
    return cv2.resize(pixels, (width, height), interpolation=method)


def enlarge(small: NDArray, height: int, width: int) -> NDArray:
    """Interpolate (h, w) or (h, w, C) to (height, width), in pixels."""
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def is_halved_well(pixels: NDArray, height: int, width: int) -> bool:
    """Tell whether both sides are even, and at least twice what is wanted."""
    rows, columns = pixels.shape[:2]
    return not (rows % 2 or columns % 2) and rows >= 2 * height and columns >= 2 * width
