"""The person's own colours where the old background shines through, as in foreground.py."""

import torch
from torch import Tensor

from segmenter.foreground import EPSILON, WINDOWS_PX, WORKING_SIZE
from segmenter.gpu.filters import blur, dilate
from segmenter.gpu.resize import enlarge, shrink, shrink_to

# Alphas nearer to 0 or 1 than this are 0 or 1 in 8 bits.
NEGLIGIBLE = 0.5 / 255


def estimate_foreground(frames: Tensor, alpha: Tensor, shown: Tensor) -> Tensor:
    """Return F of C = αF + (1 - α)B for every pixel that is partly covered.

    Args:
        frames: (N, 3, H, W) uint8, the pictures C.
        alpha: (N, 1, H, W) float32 in [0, 1].
        shown: likewise, what is shown of the person, which may be more or less.

    Returns:
        (N, 3, H, W) float16 whole levels; the frame's own colours elsewhere.
    """
    # float16 is a level wrong at most, and half the traffic of the widest planes here.
    small = torch.cat(blurred_colours(frames, alpha), dim=1).half()
    near, behind = enlarge(small, *frames.shape[-2:]).split(3, dim=1)
    seen, coverage = frames.half(), alpha.half()
    # near + α (seen - behind - α (near - behind))
    rest = torch.addcmul(seen - behind, coverage, near - behind, value=-1)
    estimate = torch.addcmul(near, coverage, rest).round_().clamp_(0, 255)
    return torch.where(partly_covered(alpha, shown), estimate, seen)


def partly_covered(alpha: Tensor, shown: Tensor) -> Tensor:
    """Mark the outline's pixels and those two pixels beyond, (N, 1, H, W) bool."""
    return (dilate(shown, 5) > NEGLIGIBLE) & (alpha < 1 - NEGLIGIBLE)


def blurred_colours(frames: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """Return small float32 pictures of the foreground's and the background's smoothed colour."""
    cover = shrink(alpha, WORKING_SIZE)
    bare = 1 - cover
    small = shrink_to(frames, *cover.shape[-2:]).float()
    person = backdrop = small
    for window in WINDOWS_PX:
        near, behind = weighted_mean(person, cover, window), weighted_mean(backdrop, bare, window)
        person = (near + cover * (small - cover * near - bare * behind)).clamp(0, 255)
        backdrop = behind
    return person, backdrop


def weighted_mean(colours: Tensor, weight: Tensor, window: int) -> Tensor:
    """Average (N, 3, h, w) colours in a square window by a weight (N, 1, h, w)."""
    total = blur(weight, window) + EPSILON
    # Where nothing has weight the colours stay as they are.
    return (blur(colours * weight, window) + EPSILON * colours) / total
