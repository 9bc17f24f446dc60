"""Steadies alphas over time: the arithmetic of `temporal.AlphaSteadier`.

The memory is small, and blending it needs one frame after the other; what changed is enlarged for
the whole batch at once.
"""

import torch
from torch import Tensor

from segmenter.gpu.resize import enlarge, shrink
from segmenter.temporal import MEMORY_SIDE, SHIMMER


class AlphaSteadier:
    """Blends each alpha with those before it. Call it with those of one video in order."""

    def __init__(self):
        self._memory: Tensor | None = None  # (1, 1, h, w), long side at most MEMORY_SIDE

    def __call__(self, alpha: Tensor, weight: Tensor) -> Tensor:
        """Return the steadied alphas.

        Args:
            alpha: (N, 1, H, W) float32 in [0, 1], of frames that follow each other.
            weight: (N, 1, h, w), of the alpha before; 0 all over forgets what was.
        """
        present = shrink(alpha, MEMORY_SIDE)
        weight = enlarge(weight, *present.shape[-2:])
        memory = self._memory
        if memory is None or memory.shape[1:] != present.shape[1:]:
            memory = present[:1]
        changes = []
        for now, trust in zip(present.split(1), weight.split(1), strict=True):
            change = memory - now
            change = change * trust * (1.5 - change.abs() * (1.5 / SHIMMER)).clamp(0, 1)
            memory = now + change
            changes.append(change)
        self._memory = memory.clone()  # not a view of the whole batch
        return (alpha + enlarge(torch.cat(changes), *alpha.shape[-2:])).clamp(0, 1)
