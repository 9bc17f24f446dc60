"""The old background, blurred, without the person in it, as in background/blur.py."""

import torch
from torch import Tensor

from segmenter.background.blur import step_of
from segmenter.gpu.filters import area_resize, dilate, gaussian_blur
from segmenter.gpu.resize import enlarge, to_levels


def blur_without(frames: Tensor, alpha: Tensor, radius_px: float) -> Tensor:
    """Blur the pixels that no person covers, and spread them over those that one does.

    Args:
        frames: (N, 3, H, W) uint8.
        alpha: (N, 1, H, W) float32 in [0, 1].
        radius_px: standard deviation, in pixels of the frame.

    Returns:
        (N, 3, H, W) uint8.
    """
    height, width = frames.shape[-2:]
    step = step_of(height, width, radius_px)
    size = max(1, round(height / step)), max(1, round(width / step))
    weighted = weighted_by_certainty(frames.float(), (255 * alpha).round(), step, size)
    blurred = gaussian_blur(weighted, radius_px / step)
    blurred += 1e-3 * blur_widely(weighted) + 1e-6 * weighted.mean(dim=(2, 3), keepdim=True)
    filled = (blurred[:, :3] + 1e-9 * 128) / (blurred[:, 3:] + 1e-9)
    return enlarge(filled.clamp(0, 255).round().to(torch.uint8), height, width)


def weighted_by_certainty(
    frames: Tensor, covered: Tensor, step: int, size: tuple[int, int]
) -> Tensor:
    """Return small pixels' colours times their certainty, and that.

    Args:
        frames: (N, 3, H, W) float32 in [0, 255].
        covered: alpha as (N, 1, H, W) float32, whole numbers in [0, 255].
        step: pixels of a frame that are one small pixel, each way.
        size: (h, w) of the small pictures.

    Returns:
        (N, 4, h, w) float32; certainty, the last channel, in [0, 1].
    """
    near = to_levels(area_resize(dilate(covered, 2 * step + 3), *size))
    certainty = (1 - near / 24).clamp(0, 1)
    weighted = torch.cat((to_levels(area_resize(frames, *size)) * certainty, certainty), dim=1)
    if (close := ~certainty.flatten(1).any(dim=1)).any():
        bare = (covered[close] == 0).float()
        weighted[close] = area_resize(torch.cat((frames[close] * bare, bare), dim=1), *size)
    return weighted


def blur_widely(pixels: Tensor) -> Tensor:
    """Blur over an eighth of the picture, (N, 4, h, w) float32."""
    height, width = pixels.shape[-2:]
    size = max(1, height // 8), max(1, width // 8)
    return enlarge(gaussian_blur(area_resize(pixels, *size), max(size) / 8), height, width)
