"""Steadies alphas over time: the arithmetic of `temporal.TemporalSmoother` for SHIMMER.

The memory is small, and blending it needs one frame after the other; what changed is enlarged for
the whole batch at once.
"""

import torch
from torch import Tensor
from torch.nn import functional

from segmenter.gpu.resize import enlarge, shrink
from segmenter.temporal import MEMORY_SIDE, SHIMMER


class AlphaSteadier:
    """Blends each alpha with those before it. Call it with those of one video in order."""

    def __init__(self):
        self._memory: Tensor | None = None  # (1, 1, h, w), long side at most MEMORY_SIDE

    def __call__(self, alpha: Tensor, flow: Tensor, weight: Tensor) -> Tensor:
        """Return the steadied alphas.

        Args:
            alpha: (N, 1, H, W) float32 in [0, 1], of frames that follow each other.
            flow: (N, 2, h, w), x and y in pixels of (h, w), from each frame to the one before.
            weight: (N, 1, h, w), of the memory; 0 all over forgets what was.
        """
        present = shrink(alpha, MEMORY_SIDE)
        height, width = present.shape[-2:]
        places = places_before(flow, height, width)
        weight = enlarge(weight, height, width)
        memory = self._memory
        if memory is None or memory.shape[1:] != present.shape[1:]:
            memory = present[:1]
        changes = []
        for now, place, trust in zip(
            present.split(1), places.split(1), weight.split(1), strict=True
        ):
            change = carry(memory, place) - now
            change = change * trust * (1.5 - change.abs() * (1.5 / SHIMMER)).clamp(0, 1)
            memory = now + change
            changes.append(change)
        self._memory = memory.clone()  # not a view of the whole batch
        return (alpha + enlarge(torch.cat(changes), *alpha.shape[-2:])).clamp(0, 1)


def places_before(flow: Tensor, height: int, width: int) -> Tensor:
    """Return where each pixel of (height, width) was, (N, height, width, 2), for `carry`.

    Counted as grid_sample does: -1 and 1 are the picture's outer borders.
    """
    across = (2 * torch.arange(width, device=flow.device) + 1) / width - 1
    down = (2 * torch.arange(height, device=flow.device) + 1) / height - 1
    x, y = enlarge(flow, height, width).unbind(dim=1)
    return torch.stack(
        (across + x * (2 / flow.shape[3]), down[:, None] + y * (2 / flow.shape[2])), dim=3
    )


def carry(memory: Tensor, places: Tensor) -> Tensor:
    """Fetch each pixel of (N, 1, h, w) from its place; beyond the border, from the border."""
    return functional.grid_sample(
        memory, places, mode="bilinear", padding_mode="border", align_corners=False
    )
