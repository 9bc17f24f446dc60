"""Put foregrounds over backgrounds, or cut them out, as in composite.py."""

import torch
from torch import Tensor

from segmenter.gpu.filters import dilate


def over(foreground: Tensor, alpha: Tensor, background: Tensor) -> Tensor:
    """Composite C = αF + (1 - α)B (Porter & Duff 1984).

    Args:
        foreground: (N, 3, H, W) float16 levels.
        alpha: (N, 1, H, W) float32 in [0, 1].
        background: (N, 3, H, W) uint8, or (1, 3, H, W) for all.

    Returns:
        (N, H, W, 3) uint8.
    """
    # Sums of levels are exact in float16, a share of one is right to an eighth of a level.
    return interleaved(torch.lerp(background.half(), foreground, alpha.half()))


def cut_out(foreground: Tensor, alpha: Tensor, instead: Tensor) -> Tensor:
    """Join colours and alpha into (N, H, W, 4) uint8 RGBA, straight.

    Args:
        foreground: (N, 3, H, W) float16 levels.
        alpha: (N, 1, H, W) float32 in [0, 1].
        instead: (N, 3, H, W) uint8, shown where alpha is 0 all around.
    """
    grey = (255 * alpha).round_().half()
    colours = torch.where(dilate(grey, 5) > 0, foreground, instead.half())
    return interleaved(torch.cat((colours, grey), dim=1))


def interleaved(levels: Tensor) -> Tensor:
    """Round (N, C, H, W) levels to uint8 with a pixel's colours side by side, (N, H, W, C)."""
    return levels.round_().to(torch.uint8, memory_format=torch.channels_last).permute(0, 2, 3, 1)
