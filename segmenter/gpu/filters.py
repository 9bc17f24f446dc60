"""Separable filters as two matrices, one for the rows and one for the columns.

On the small pictures that are filtered here two matrix products are quick on a GPU, and exact: they
hold whichever border and window OpenCV has.
"""

import threading
from collections.abc import Callable
from functools import cache, lru_cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Matrix = NDArray[np.float32]  # (pixels out, pixels in)
_making = threading.Lock()
# Matrices of blurs that are kept: visitors choose any radius, and of a 1920x1080 picture two
# matrices take 19 MB. None of them is part of a captured graph.
MOST_BLURS = 32


def blur(planes: Tensor, window: int) -> Tensor:
    """Average (N, C, H, W) float32 in square windows, as `cv2.blur`."""
    return _along_both(planes, box_matrix, window)


def gaussian_blur(planes: Tensor, sigma: float) -> Tensor:
    """Blur (N, C, H, W) float32, as `cv2.GaussianBlur` with no window given."""
    return _along_both(planes, gauss_matrix, sigma)


def area_resize(planes: Tensor, height: int, width: int) -> Tensor:
    """Shrink (N, C, H, W) float32 by averages over parts of pixels, as `cv2.INTER_AREA`."""
    rows = on_device(area_matrix, (planes.shape[-2], height), planes.device)
    columns = on_device(area_matrix, (planes.shape[-1], width), planes.device)
    return rows @ planes @ columns.T


def dilate(planes: Tensor, window: int) -> Tensor:
    """Return the largest of (N, C, H, W) floats in square windows, as `cv2.dilate`."""
    reach = window // 2
    tall = functional.max_pool2d(planes, (window, 1), stride=1, padding=(reach, 0))
    return functional.max_pool2d(tall, (1, window), stride=1, padding=(0, reach))


def dilate_round(planes: Tensor, reach: int) -> Tensor:
    """Return the largest in OpenCV's ellipse of so many pixels to either side.

    The ellipse is a union of rectangles, for which the maximum is separable.
    """
    widest = planes
    for tall, wide in rectangles_of_ellipse(reach):
        rows = functional.max_pool2d(planes, (2 * tall + 1, 1), stride=1, padding=(tall, 0))
        both = functional.max_pool2d(rows, (1, 2 * wide + 1), stride=1, padding=(0, wide))
        widest = torch.maximum(widest, both)
    return widest


@cache
def rectangles_of_ellipse(reach: int) -> tuple[tuple[int, int], ...]:
    """Return how far the largest rectangles in the ellipse reach, up and to the side."""
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    to_the_side = [int(row.sum()) // 2 for row in window[reach:]]
    tallest: dict[int, int] = {}
    for up, aside in enumerate(to_the_side):
        tallest[aside] = up
    return tuple((up, aside) for aside, up in tallest.items())


def box_matrix(size: int, window: int) -> Matrix:
    """Average over a window."""
    return _window_matrix(size, np.full(window, 1 / window))


def gauss_matrix(size: int, sigma: float) -> Matrix:
    """Blur by a Gaussian, cut off where OpenCV cuts it off for floats."""
    window = round(sigma * 8 + 1) | 1
    return _window_matrix(size, cv2.getGaussianKernel(window, sigma)[:, 0])


def area_matrix(size: int, smaller: int) -> Matrix:
    """Average over the part of the line that a smaller line's pixel stands for."""
    scale = size / smaller
    starts, pixels = np.arange(smaller)[:, None] * scale, np.arange(size)
    shares = np.minimum(starts + scale, pixels + 1) - np.maximum(starts, pixels)
    return (shares.clip(0) / scale).astype(np.float32)


def on_device(make: Callable[..., Matrix], arguments: tuple, device: torch.device) -> Tensor:
    """Return a matrix on a device. It stays for good: captured graphs read it where it lies."""
    with _making:
        return _made(make, arguments, device)


@cache
def _made(make: Callable[..., Matrix], arguments: tuple, device: torch.device) -> Tensor:
    return _make(make, arguments, device)


@lru_cache(maxsize=MOST_BLURS)
def _recent(make: Callable[..., Matrix], arguments: tuple, device: torch.device) -> Tensor:
    return _make(make, arguments, device)


def _make(make: Callable[..., Matrix], arguments: tuple, device: torch.device) -> Tensor:
    matrix = torch.from_numpy(make(*arguments)).to(device)
    if matrix.is_cuda:  # other streams will read it too
        torch.cuda.current_stream(device).synchronize()
    return matrix


def _along_both(planes: Tensor, make: Callable[..., Matrix], argument: float) -> Tensor:
    rows, columns = (_recent(make, (size, argument), planes.device) for size in planes.shape[-2:])
    for matrix in (rows, columns):
        if matrix.is_cuda:  # forgotten, its memory must not be given away before this is done
            matrix.record_stream(torch.cuda.current_stream(matrix.device))
    return rows @ planes @ columns.T


def _window_matrix(size: int, kernel: NDArray) -> Matrix:
    """Return the matrix of a symmetric kernel; beyond the border the line is mirrored."""
    reach = len(kernel) // 2
    source = np.pad(np.arange(size), reach, mode="reflect" if size > 1 else "edge")
    matrix = np.zeros((size, size))
    for place, weight in enumerate(kernel):
        np.add.at(matrix, (np.arange(size), source[place : place + size]), weight)
    return matrix.astype(np.float32)
