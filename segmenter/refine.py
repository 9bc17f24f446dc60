"""From a coarse probability to an alpha whose edge lies on the picture's own edge.

Only the unknown band changes: the pixels around the outline where the network can't know. There the
alpha is a local linear function of colour (guided filter, He, Sun & Tang 2013), fitted on a smaller
picture and applied at full size (fast guided filter, He & Sun 2015). Pixels the network is sure of
weigh more in the fit, and Canny edges (Canny 1986) say where the colours may be trusted to separate
the sides: near an edge the fit is tight, elsewhere it stays close to the probability.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Alpha, Frame, Mask, Probability, require_coverage, require_frame
from segmenter.errors import InvalidInput
from segmenter.resample import sample, shrink, shrink_to

# The fit is made on a picture with this long side, in pixels; all lengths below are in its pixels.
# A photo deserves the finer one; a video, seen coarser by the network, gains no more from it.
PHOTO_WORKING_SIZE = 640
VIDEO_WORKING_SIZE = 384
RADIUS_PX = 8
# The unknown band: so near to the outline in any case, so far where the network doubts.
NEAR_PX, FAR_PX = 3, 10
DOUBT = 0.2
# Regularisation of the fit, on intensities in [0, 1]: near Canny edges, and away from them.
EPSILON_AT_EDGE = 1e-4
EPSILON_ELSEWHERE = 1e-3
EDGE_REACH_PX = 3
# The least a pixel weighs in the fit, where the network says one half.
LEAST_CONFIDENCE = 0.02
# A fit leaves both sides a little short of 0 and 1; so much further from one half they get there.
CONTRAST = 1.15
CANNY_LOW, CANNY_HIGH = 40, 110
CANNY_BLUR_PX = 1.0
LARGEST_SHIFT_PX = 50.0
LARGEST_FEATHER_PX = 50.0


@dataclass(frozen=True, kw_only=True)
class RefineOptions:
    """How edges are treated."""

    edge_strength: float = (
        1.0  # 0 keeps the network's soft outline, 1 moves it to the picture's edges
    )
    feather_px: float = 0.0  # further softening, in pixels of the frame
    shift_px: float = (
        0.0  # grows (positive) or shrinks (negative) the person, in pixels of the frame
    )

    def __post_init__(self):
        """Refuse what has no meaning."""
        if not 0 <= self.edge_strength <= 1:
            raise InvalidInput(f"edge strength is 0 to 1, got {self.edge_strength}")
        if not 0 <= self.feather_px <= LARGEST_FEATHER_PX:
            raise InvalidInput(
                f"softness is 0 to {LARGEST_FEATHER_PX:g} pixels, got {self.feather_px}"
            )
        if not abs(self.shift_px) <= LARGEST_SHIFT_PX:
            raise InvalidInput(
                f"shift is at most {LARGEST_SHIFT_PX:g} pixels either way, got {self.shift_px}"
            )


def refine(
    probability: Probability,
    frame: Frame,
    options: RefineOptions | None = None,
    *,
    working_size: int = PHOTO_WORKING_SIZE,
) -> Alpha:
    """Turn a probability into an alpha, guided by the frame.

    Args:
        probability: (H, W) float32 in [0, 1].
        frame: (H, W, 3) uint8 RGB, the same moment.
        options: None for the defaults.
        working_size: long side, in pixels, of the picture on which edges and colours are studied.

    Returns:
        (H, W) float32 in [0, 1].
    """
    options = options or RefineOptions()
    require_coverage(probability, require_frame(frame))
    strength = options.edge_strength
    alpha = guided_alpha(probability, frame, working_size) if strength else probability
    if 0 < strength < 1:
        alpha = cv2.addWeighted(alpha, strength, probability, 1 - strength, 0)
    if options.shift_px:
        alpha = shift_outline(alpha, options.shift_px)
    if options.feather_px:
        alpha = cv2.GaussianBlur(alpha, (0, 0), options.feather_px)
    return np.clip(alpha, 0, 1)


def guided_alpha(probability: Probability, frame: Frame, working_size: int) -> Alpha:
    """Fit alpha to colour around the outline; away from it the probability is decided: 0 or 1."""
    height, width = probability.shape
    coarse = shrink(probability, working_size)
    band = unknown_band(coarse)
    alpha = (probability > 0.5).astype(np.float32)
    if not band.any():
        return alpha
    guide = shrink_to(frame, *coarse.shape)
    full_band = cv2.resize(band.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return apply_fit(
        alpha, np.ascontiguousarray(frame), fit_in_band(guide, coarse, band), full_band
    )


def fit_in_band(guide: Frame, coarse: Probability, band: Mask) -> NDArray[np.float32]:
    """Return `fit_to_colours` where the band is; elsewhere it is nothing in particular."""
    left, top, width, height = cv2.boundingRect(band.astype(np.uint8))
    reach = 2 * RADIUS_PX  # as far as a pixel of the fit looks
    rows = slice(max(0, top - reach), top + height + reach)
    columns = slice(max(0, left - reach), left + width + reach)
    guide, coarse = (np.ascontiguousarray(part[rows, columns]) for part in (guide, coarse))
    fit = np.empty((*band.shape, 4), np.float32)
    fit[rows, columns] = fit_to_colours(guide, coarse, epsilon_map(guide, band[rows, columns]))
    return fit


def unknown_band(probability: Probability) -> Mask:
    """Mark, in (h, w), the pixels near the outline, and in doubt also those farther off: hair.

    Doubt far from it is the network's, not the picture's: left soft it would make clothes glassy.
    """
    person = (probability > 0.5).astype(np.uint8)
    doubtful = (probability > DOUBT) & (probability < 1 - DOUBT)
    return outline_band(person, NEAR_PX) | (outline_band(person, FAR_PX) & doubtful)


def outline_band(person: NDArray[np.uint8], reach: int) -> Mask:
    """Mark what lies within `reach` pixels of the outline of a mask of 0 and 1."""
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.dilate(person, window) != cv2.erode(person, window)


def canny_edges(guide: Frame) -> Mask:
    """Find the frame's edges (Canny 1986), in whichever colour channel they are strongest.

    Grey alone would miss a red sleeve before a green wall of the same brightness.
    """
    smooth = cv2.GaussianBlur(guide, (0, 0), CANNY_BLUR_PX)
    across, down = (cv2.Sobel(smooth, cv2.CV_16S, *order) for order in ((1, 0), (0, 1)))
    strength = np.abs(across) + np.abs(down)
    strongest = strength.argmax(axis=2)[..., None]
    across, down = (np.take_along_axis(d, strongest, axis=2)[..., 0] for d in (across, down))
    return cv2.Canny(across, down, CANNY_LOW, CANNY_HIGH, L2gradient=True) > 0


def epsilon_map(guide: Frame, band: Mask) -> NDArray[np.float32]:
    """Regularise less near Canny edges that could be the outline; (h, w) float32."""
    edges = (canny_edges(guide) & band).astype(np.float32)
    window = (2 * EDGE_REACH_PX + 1, 2 * EDGE_REACH_PX + 1)
    nearness = cv2.blur(cv2.dilate(edges, np.ones(window, np.uint8)), window)
    return EPSILON_ELSEWHERE + (EPSILON_AT_EDGE - EPSILON_ELSEWHERE) * nearness


Plane = NDArray[np.float32]  # (h, w); one plane after the other is faster than interleaved
# Upper triangle of a symmetric 3x3 matrix, row by row.
UPPER = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def fit_to_colours(guide: Frame, coarse: Probability, epsilon: Plane) -> NDArray[np.float32]:
    """Fit coarse = slope . colour + offset in every window, weighted by the network's confidence.

    Returns:
        (h, w, 4) float32: the slope's three parts and the offset, for colours in [0, 1], averaged
        over the windows that hold a pixel.
    """
    # Centred on grey, so that float32 loses nothing when squares are subtracted.
    colour = [plane.astype(np.float32) / 255 - 0.5 for plane in cv2.split(guide)]
    weight = np.maximum((2 * coarse - 1) ** 2, LEAST_CONFIDENCE)
    window = (2 * RADIUS_PX + 1, 2 * RADIUS_PX + 1)
    total = 1 / cv2.blur(weight, window)

    def average(plane: Plane) -> Plane:
        return cv2.blur(plane * weight, window) * total

    mean, mean_target = [average(plane) for plane in colour], average(coarse)
    covariance = [
        average(plane * coarse) - middle * mean_target
        for plane, middle in zip(colour, mean, strict=True)
    ]
    variance = [average(colour[i] * colour[j]) - mean[i] * mean[j] for i, j in UPPER]
    slope = solve_symmetric(variance, epsilon, covariance)
    offset = mean_target - sum(a * middle for a, middle in zip(slope, mean, strict=True))
    smooth = [cv2.blur(plane, (RADIUS_PX + 1, RADIUS_PX + 1)) for plane in (*slope, offset)]
    smooth[3] -= 0.5 * (smooth[0] + smooth[1] + smooth[2])  # back to colours that are not centred
    return cv2.merge(smooth)


def solve_symmetric(matrix: list[Plane], ridge: Plane, right: list[Plane]) -> list[Plane]:
    """Solve (matrix + ridge I) x = right in every pixel by cofactors; x as three planes."""
    rr, rg, rb, gg, gb, bb = matrix
    rr, gg, bb = rr + ridge, gg + ridge, bb + ridge
    first, second, third = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    fourth, fifth, sixth = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    # The ridge bounds the determinant from below, but for rounding.
    inverse = 1 / np.maximum(rr * first + rg * second + rb * third, ridge**3)
    x, y, z = right
    return [
        (first * x + second * y + third * z) * inverse,
        (second * x + fourth * y + fifth * z) * inverse,
        (third * x + fifth * y + sixth * z) * inverse,
    ]


def apply_fit(
    alpha: Alpha, frame: Frame, fit: NDArray[np.float32], band: NDArray[np.uint8]
) -> Alpha:
    """Write slope . colour + offset into the band of `alpha`.

    Args:
        alpha: (H, W), changed and returned.
        frame: (H, W, 3) uint8.
        fit: (h, w, 4) of `fit_to_colours`.
        band: (H, W), not 0 where to write.
    """
    chosen = np.flatnonzero(band)
    lines = sample(fit, chosen, *alpha.shape)
    colours = frame.reshape(-1, 3).take(chosen, axis=0)
    fitted = np.einsum("nc,nc->n", lines[:, :3], colours * np.float32(1 / 255)) + lines[:, 3]
    alpha.reshape(-1)[chosen] = np.clip(CONTRAST * (fitted - 0.5) + 0.5, 0, 1)
    return alpha


def shift_outline(alpha: Alpha, shift_px: float) -> Alpha:
    """Grow or shrink by `shift_px`, fractions included, with the outline's softness kept."""
    whole = int(np.ceil(abs(shift_px)))
    grows = shift_px > 0

    def moved(by: int) -> Alpha:
        window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
        return cv2.dilate(alpha, window) if grows else cv2.erode(alpha, window)

    part = whole - abs(shift_px)
    return cv2.addWeighted(moved(whole), 1 - part, moved(whole - 1), part, 0)
