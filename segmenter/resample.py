"""Pixels at another size."""

import cv2
from numpy.typing import NDArray


def fit(height: int, width: int, long_side: int) -> tuple[int, int]:
    """Return the height and width of the same aspect whose long side is `long_side` pixels."""
    scale = long_side / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrunk_size(height: int, width: int, long_side: int) -> tuple[int, int]:
    """Return the height and width of the same aspect with a long side of at most `long_side`."""
    return fit(height, width, min(long_side, max(height, width)))


def shrink(pixels: NDArray, long_side: int) -> NDArray:
    """Shrink (H, W) or (H, W, C) to a long side of at most `long_side`; the aspect is kept."""
    return shrink_to(pixels, *shrunk_size(*pixels.shape[:2], long_side))


def halved_size(height: int, width: int, long_side: int) -> tuple[int, int]:
    """Return the size after halving that takes whole pixels and stays at least `long_side` long."""
    while not (height % 2 or width % 2) and max(height, width) >= 2 * long_side:
        height, width = height // 2, width // 2
    return height, width


def halve(pixels: NDArray, long_side: int) -> NDArray:
    """Halve (H, W, C) by averages while it takes whole pixels and stays at least `long_side` long.

    Pictures of a long side of `long_side` or less come out the same when `shrink` makes them from
    this one, so several of them share the work.
    """
    return shrink_to(pixels, *halved_size(*pixels.shape[:2], long_side))


def shrink_to(pixels: NDArray, height: int, width: int) -> NDArray:
    """Shrink (H, W) or (H, W, C) to (height, width), neither larger than it is.

    Halved by averages while that takes whole pixels, then interpolated, as from a pyramid
    (Williams 1983): ten times as fast as averages over parts of pixels, and alias-free too.

    Returns:
        A new array, or `pixels` itself when there is nothing to do.
    """
    while is_halved_well(*pixels.shape[:2], height, width):
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


def is_halved_well(rows: int, columns: int, height: int, width: int) -> bool:
    """Tell whether both sides are even, and at least twice what is wanted."""
    return not (rows % 2 or columns % 2) and rows >= 2 * height and columns >= 2 * width
