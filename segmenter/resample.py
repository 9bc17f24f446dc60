"""Pixels at another size or at chosen places, without work for those nobody asked for."""

import cv2
import numpy as np
from numpy.typing import NDArray

# remap takes pictures of points, of fewer than 32,768 rows and columns.
POINTS_A_ROW = 1024


def shrink(pixels: NDArray, long_side: int) -> NDArray:
    """Shrink (H, W) or (H, W, C) to a long side of at most `long_side`; the aspect is kept."""
    height, width = pixels.shape[:2]
    scale = min(1.0, long_side / max(height, width))
    return shrink_to(pixels, max(1, round(height * scale)), max(1, round(width * scale)))


def halve(pixels: NDArray, long_side: int) -> NDArray:
    """Halve (H, W, C) by averages while it takes whole pixels and stays at least `long_side` long.

    What is to be shrunk several times, to `long_side` or less, is the same when shrunk from this.
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
        A new array, or `pixels` itself when nothing is to do.
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
    """Interpolate (h, w) or (h, w, 3) to (height, width)."""
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def is_halved_well(pixels: NDArray, height: int, width: int) -> bool:
    """Tell whether both sides are even, and at least twice what is wanted."""
    rows, columns = pixels.shape[:2]
    return not (rows % 2 or columns % 2) and rows >= 2 * height and columns >= 2 * width


def places_where(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return the flat indices of what is not 0 in (H, W), in order; (N,)."""
    found = cv2.findNonZero(mask)  # three times as fast as numpy
    if found is None:
        return np.zeros(0, np.int32)
    columns, rows = found.reshape(-1, 2).T
    return rows * np.int32(mask.shape[1]) + columns


def colours_at(frame: NDArray[np.uint8], places: NDArray) -> NDArray[np.uint8]:
    """Read (H, W, 3) uint8 at flat indices; (N, 3)."""
    return frame.reshape(-1, 3).take(places, axis=0)


def put_colours(frame: NDArray[np.uint8], places: NDArray, colours: NDArray[np.uint8]) -> None:
    """Write (N, 3) uint8 into (H, W, 3) uint8 at flat indices."""
    # As one item a pixel, for which numpy is three times as fast.
    np.put(frame.reshape(-1).view("V3"), places, colours.reshape(-1).view("V3"))


def sample(small: NDArray[np.float32], places: NDArray, height: int, width: int) -> NDArray:
    """Read a small picture, bilinearly, at chosen pixels of a large one that it stands for.

    Args:
        small: (h, w, C) float32, C at most 4.
        places: (N,) flat indices into (height, width).
        height: of the large picture.
        width: of the large picture.

    Returns:
        (N, C) float32.
    """
    rows = places // width
    columns = places - rows * width
    lines = max(1, -(-len(places) // POINTS_A_ROW))
    x, y = np.zeros((2, lines * POINTS_A_ROW), np.float32)
    x[: len(places)] = at_centres(columns, small.shape[1] / width)
    y[: len(places)] = at_centres(rows, small.shape[0] / height)
    values = cv2.remap(
        small,
        x.reshape(lines, POINTS_A_ROW),
        y.reshape(lines, POINTS_A_ROW),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return values.reshape(len(x), -1)[: len(places)]


def at_centres(indices: NDArray[np.int32], ratio: float) -> NDArray[np.float32]:
    """Return where the centres of pixels lie in a picture `ratio` times as large."""
    return indices.astype(np.float32) * np.float32(ratio) + np.float32(0.5 * ratio - 0.5)
