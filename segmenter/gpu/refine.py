"""From a coarse probability to an alpha whose edge lies on the picture's own edge.

The counterpart of alpha.py and guided.py: the small fit in float32, and applied at full size. The
unknown band and the regularisation, which need Canny, come from the CPU.
"""

import math
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from segmenter.gpu.filters import blur, dilate_round, gaussian_blur
from segmenter.gpu.resize import enlarge
from segmenter.refine import RefineOptions
from segmenter.refine.alpha import CONTRAST
from segmenter.refine.guided import LEAST_CONFIDENCE, UPPER, by_cofactors
from segmenter.refine.outline import steps_of


@dataclass(frozen=True)
class Outline:
    """What is known of the outline on the small picture, each (N, C, h, w) on the device."""

    guide: Tensor  # uint8, 3 colours
    probability: Tensor  # float32
    band: Tensor  # float32, how much the fit decides, 0 to 1
    epsilon: Tensor  # float32
    radii: list[int]  # N, of the fit's windows, in pixels of the small picture


def refine(frames: Tensor, outline: Outline, options: RefineOptions) -> Tensor:
    """Turn probabilities into alphas, guided by the frames.

    Args:
        frames: (N, 3, H, W) uint8.
        outline: of the same frames.
        options: how edges are treated.

    Returns:
        (N, 1, H, W) float32 in [0, 1].
    """
    alpha = whole = enlarge(outline.probability, *frames.shape[-2:])
    strength = options.edge_strength
    if strength:
        alpha = guided_alpha(whole, frames, outline)
    if 0 < strength < 1:
        alpha = torch.lerp(whole, alpha, strength)
    return alpha.clamp(0, 1)


def adjust(alpha: Tensor, options: RefineOptions) -> tuple[Tensor, Tensor]:
    """Move and soften outlines, (N, 1, H, W): what is shown, and how much is the person's own."""
    shown = shift_outline(alpha, options.shift_px) if options.shift_px else alpha
    hers = torch.maximum(alpha, shown)
    if options.feather_px:
        shown = gaussian_blur(shown, options.feather_px).clamp(0, 1)
    return shown, hers


def guided_alpha(whole: Tensor, frames: Tensor, outline: Outline) -> Tensor:
    """Fit alpha to colour in the band; away from it the probability is decided: 0 or 1."""
    size = frames.shape[-2:]
    fit = fit_each(outline)
    # The contrast is cheaper here than at full size.
    fit = CONTRAST * fit
    slope, offset = fit[:, :3], fit[:, 3:] + (0.5 - 0.5 * CONTRAST)
    fitted = enlarge(offset, *size)
    for part, colour in zip(enlarge(slope, *size).split(1, 1), frames.split(1, 1), strict=True):
        fitted.addcmul_(part, colour)
    weight = enlarge(blur(outline.band, 3), *size)
    return torch.lerp((whole > 0.5).float(), fitted.clamp_(0, 1), weight)


def fit_each(outline: Outline) -> Tensor:
    """Fit every frame in windows of its own radius; frames in a row that have the same together."""
    fits, done = [], 0
    for radius, same in groupby(outline.radii):
        rows = slice(done, done := done + len(list(same)))
        parts = (outline.guide[rows], outline.probability[rows], outline.epsilon[rows])
        fits.append(fit_to_colours(*parts, radius))
    return torch.cat(fits)


def fit_to_colours(guide: Tensor, coarse: Tensor, epsilon: Tensor, radius: int) -> Tensor:
    """Fit coarse = slope . colour + offset in every window, weighted by the network's confidence.

    Returns:
        (N, 4, h, w) float32: the slope's three parts and the offset, for colours from 0 to
        255, averaged over the windows that hold a pixel.
    """
    # Centred on grey, so that float32 loses nothing when squares are subtracted.
    colour = guide.float() / 255 - 0.5
    weight = ((2 * coarse - 1) ** 2).clamp(min=LEAST_CONFIDENCE)
    window = 2 * radius + 1
    squares = [colour[:, i : i + 1] * colour[:, j : j + 1] for i, j in UPPER]
    planes = torch.cat((colour, coarse, colour * coarse, *squares), dim=1)
    means = blur(planes * weight, window) / blur(weight, window)
    mean, mean_target, products = means[:, :3], means[:, 3:4], means[:, 4:7]
    covariance = products - mean * mean_target
    variance = [
        means[:, 7 + k : 8 + k] - mean[:, i : i + 1] * mean[:, j : j + 1]
        for k, (i, j) in enumerate(UPPER)
    ]
    slope = solve_symmetric(variance, epsilon, covariance)
    offset = mean_target - (slope * mean).sum(dim=1, keepdim=True)
    smooth = blur(torch.cat((slope, offset), dim=1), radius + 1)
    # Back to colours that are not centred.
    smooth[:, 3:] -= 0.5 * smooth[:, :3].sum(dim=1, keepdim=True)
    return torch.cat((smooth[:, :3] / 255, smooth[:, 3:]), dim=1)


def solve_symmetric(matrix: list[Tensor], ridge: Tensor, right: Tensor) -> Tensor:
    """Solve (matrix + ridge I) x = right in every pixel; `right` and x are (N, 3, h, w)."""
    solved, determinant = by_cofactors(matrix, ridge, right.split(1, dim=1))
    # The ridge bounds the determinant from below, but for rounding.
    return torch.cat(solved, dim=1) / torch.maximum(determinant, ridge**3)


def shift_outline(alpha: Tensor, shift_px: float) -> Tensor:
    """Grow or shrink by `shift_px`, fractions included, with the outline's softness kept."""
    sign = 1 if shift_px > 0 else -1
    whole = math.ceil(abs(shift_px))
    larger, smaller = (sign * grown(sign * alpha, by) for by in (whole, whole - 1))
    return torch.lerp(larger, smaller, whole - abs(shift_px))


def grown(alpha: Tensor, by: int) -> Tensor:
    """Return the largest within so many pixels, step by step as on the CPU."""
    for step in steps_of(by):
        alpha = dilate_round(alpha, step)
    return alpha
