"""Losses: functions of logits, target and counts, each float32 (N,1,h,w), with a scalar result.

`target` is the true coverage in [0, 1]; `counts` is 1 where it is known and 0 where it is not.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from segmenter.errors import InvalidInput

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

# An outline is a few hundredths of the pixels and most of what a person looks at.
BOUNDARY_WEIGHT = 4.0
BOUNDARY_RADIUS_PX = 3


def cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of the binary cross-entropy."""
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (weight * losses).sum() / weight.sum().clamp_min(1)


def boundary_cross_entropy(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Cross-entropy that is heavier near the outline."""
    return cross_entropy(logits, target, counts * (1 + BOUNDARY_WEIGHT * boundary_band(target)))


def boundary_band(target: Tensor, radius: int = BOUNDARY_RADIUS_PX) -> Tensor:
    """Mark with 1 the pixels within `radius` of the outline of a (N,1,h,w) target in [0, 1]."""
    window = 2 * radius + 1
    dilated = functional.max_pool2d(target, window, stride=1, padding=radius)
    eroded = -functional.max_pool2d(-target, window, stride=1, padding=radius)
    return dilated - eroded


def dice_loss(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """1 - Dice of each picture, averaged (Milletari et al. 2016, arXiv:1606.04797)."""
    probability = torch.sigmoid(logits)
    overlap = (counts * probability * target).sum(dim=(1, 2, 3))
    areas = (counts * (probability + target)).sum(dim=(1, 2, 3))
    # One pixel on both sides: a picture of nobody, seen empty, has loss 0.
    return (1 - (2 * overlap + 1) / (areas + 1)).mean()


def lovasz_hinge(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Convex surrogate of 1 - IoU of each picture, averaged (Berman et al. 2018, 1705.08790)."""
    losses = [
        lovasz_hinge_of_pixels(logits[index][chosen], target[index][chosen] >= 0.5)
        for index, chosen in enumerate(counts > 0)
    ]
    return torch.stack(losses).mean()


def lovasz_hinge_of_pixels(logits: Tensor, person: Tensor) -> Tensor:
    """Lovasz extension of the Jaccard loss at the hinge errors of (P,) logits, worst first."""
    signs = 2 * person.to(logits.dtype) - 1
    errors, order = torch.sort(functional.relu(1 - logits * signs), descending=True)
    right = person[order].to(logits.dtype)
    # What 1 - IoU becomes when the k worst pixels are wrong, for every k.
    missed, added = right.cumsum(0), (1 - right).cumsum(0)
    jaccard = 1 - (right.sum() - missed) / (right.sum() + added).clamp_min(1)
    steps = torch.diff(jaccard, prepend=jaccard.new_zeros(1))
    return (errors * steps).sum()


LOSSES: dict[str, Loss] = {
    "bce": cross_entropy,
    "boundary": boundary_cross_entropy,
    "dice": dice_loss,
    "lovasz": lovasz_hinge,
}


def combine(text: str) -> Loss:
    """Return the weighted sum that `text` writes, for instance `boundary+0.5*dice`.

    Raises:
        InvalidInput: a term is no `NAME` of `LOSSES`, nor a `WEIGHT*NAME` of positive weight.
    """
    terms = [parse_term(term) for term in text.split("+")]

    def total(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        return sum(weight * loss(logits, target, counts) for weight, loss in terms)

    return total


def parse_term(term: str) -> tuple[float, Loss]:
    """Read `NAME` or `WEIGHT*NAME`."""
    weight, _, name = (part.strip() for part in term.rpartition("*"))
    try:
        factor = float(weight or 1)
    except ValueError:
        factor = 0.0
    if name not in LOSSES or not 0 < factor < float("inf"):
        raise InvalidInput(
            f"no loss {term!r}; write {', '.join(LOSSES)} or a sum such as boundary+0.5*dice"
        )
    return factor, LOSSES[name]
