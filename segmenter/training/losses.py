"""Losses: functions of logits, target and weight, each float32 (N,1,h,w), with a scalar result."""

import torch
from torch import Tensor
from torch.nn import functional

# An outline is a few hundredths of the pixels and most of what a person looks at.
BOUNDARY_WEIGHT = 4.0
BOUNDARY_RADIUS_PX = 3


def boundary_band(target: Tensor, radius: int = BOUNDARY_RADIUS_PX) -> Tensor:
    """Mark with 1 the pixels within `radius` of the outline of a (N,1,h,w) target in [0, 1]."""
    window = 2 * radius + 1
    dilated = functional.max_pool2d(target, window, stride=1, padding=radius)
    eroded = -functional.max_pool2d(-target, window, stride=1, padding=radius)
    return dilated - eroded


def cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of the binary cross-entropy."""
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (weight * losses).sum() / weight.sum().clamp_min(1)


def dice_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """1 - Dice of each picture, averaged (Milletari et al. 2016, arXiv:1606.04797)."""
    probability = torch.sigmoid(logits)
    overlap = (weight * probability * target).sum(dim=(1, 2, 3))
    areas = (weight * (probability + target)).sum(dim=(1, 2, 3))
    # One pixel on both sides: a picture of nobody, seen empty, has loss 0.
    return (1 - (2 * overlap + 1) / (areas + 1)).mean()


def matting_loss(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Cross-entropy, heavier at the outline, plus Dice; `counts` is 0 where truth is unknown."""
    weight = counts * (1 + BOUNDARY_WEIGHT * boundary_band(target))
    return cross_entropy(logits, target, weight) + dice_loss(logits, target, counts)
