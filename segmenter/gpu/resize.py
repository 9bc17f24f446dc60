"""Pictures at another size, as in resample.py: (N, C, H, W) uint8 levels or floats."""

import torch
from torch import Tensor
from torch.nn import functional

from segmenter.gpu.filters import area_resize
from segmenter.resample import is_halved_well, shrunk_size


def shrink(pixels: Tensor, long_side: int) -> Tensor:
    """Shrink (N, C, H, W) to a long side of at most `long_side`; the aspect is kept."""
    return shrink_to(pixels, *shrunk_size(*pixels.shape[-2:], long_side))


def shrink_to(pixels: Tensor, height: int, width: int) -> Tensor:
    """Shrink (N, C, H, W) to (height, width): halved while that goes, then interpolated."""
    pixels = halve_towards(pixels, height, width)
    rows, columns = pixels.shape[-2:]
    if (rows, columns) == (height, width):
        return pixels
    if rows >= 2 * height or columns >= 2 * width:
        return like(pixels, area_resize(pixels.float(), height, width))
    return enlarge(pixels, height, width)


def halve_towards(pixels: Tensor, height: int, width: int) -> Tensor:
    """Halve by averages while both sides are even and at least twice what is wanted.

    Smaller pictures of the result are those of `pixels` themselves.
    """
    while is_halved_well(*pixels.shape[-2:], height, width):
        # Sums of four levels are exact in float16.
        wide = pixels.half() if pixels.dtype == torch.uint8 else pixels
        pixels = like(pixels, functional.avg_pool2d(wide, 2))
    return pixels


def enlarge(pixels: Tensor, height: int, width: int) -> Tensor:
    """Interpolate (N, C, h, w) to (height, width)."""
    wide = pixels.float() if pixels.dtype == torch.uint8 else pixels
    size = (height, width)
    return like(
        pixels, functional.interpolate(wide, size=size, mode="bilinear", align_corners=False)
    )


def like(pixels: Tensor, result: Tensor) -> Tensor:
    """Round a result to levels where `pixels` are levels."""
    return to_levels(result) if pixels.dtype == torch.uint8 else result


def to_levels(values: Tensor) -> Tensor:
    """Round floats in [0, 255] to uint8, halves upwards as OpenCV's resize does."""
    return (values + 0.5).to(torch.uint8)
