"""Alpha as a local linear function of colour: the guided filter (He, Sun & Tang 2013).

Pixels the network is sure of weigh more in the fit, and Canny edges (Canny 1986) say where the
colours may be trusted to separate the sides: near an edge the fit is tight, elsewhere it stays
close to the probability.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame, Mask, Probability

# Regularisation of the fit, on intensities in [0, 1]: near Canny edges, and away from them.
EPSILON_AT_EDGE = 1e-4
EPSILON_ELSEWHERE = 1e-3
EDGE_REACH_PX = 3
# The least a pixel weighs in the fit, where the network says one half.
LEAST_CONFIDENCE = 0.02
READ_BESIDE_PX = 4
CANNY_LOW, CANNY_HIGH = 40, 110
CANNY_BLUR_PX = 1.0
Plane = NDArray[np.float32]  # (h, w); one plane after the other is faster than interleaved
# Upper triangle of a symmetric 3x3 matrix, row by row.
UPPER = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def fit_in_band(guide: Frame, coarse: Probability, band: Mask, radius: int) -> NDArray[np.float32]:
    """Return `fit_to_colours` where the band is; elsewhere it is nothing in particular."""
    left, top, width, height = cv2.boundingRect(band.astype(np.uint8))
    # As far as a pixel of the fit looks; and beside the band some of the fit is read, to weigh 0.
    reach = 2 * radius + READ_BESIDE_PX
    rows = slice(max(0, top - reach), top + height + reach)
    columns = slice(max(0, left - reach), left + width + reach)
    guide, coarse = (np.ascontiguousarray(part[rows, columns]) for part in (guide, coarse))
    fit = np.empty((*band.shape, 4), np.float32)
    epsilon = epsilon_map(guide, band[rows, columns])
    fit[rows, columns] = fit_to_colours(guide, coarse, epsilon, radius)
    return fit


def canny_edges(guide: Frame) -> Mask:
    """Find the frame's edges (Canny 1986), in whichever colour channel they are strongest.

    Grey alone would miss a red sleeve before a green wall of the same brightness.
    """
    smooth = cv2.GaussianBlur(guide, (0, 0), CANNY_BLUR_PX)
    return cv2.Canny(*steepest(smooth), CANNY_LOW, CANNY_HIGH, L2gradient=True) > 0


def steepest(guide: Frame) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Return each pixel's gradient in the channel that changes most there: x and y, (h, w).

    `cv2.Canny` looks for it itself when it is given colours, but takes twice as long.
    """
    across, down = (
        cv2.split(cv2.Sobel(guide, cv2.CV_16S, *order, borderType=cv2.BORDER_REPLICATE))
        for order in ((1, 0), (0, 1))
    )
    x, y, steepness = across[0], down[0], squared_length(across[0], down[0])
    for other_x, other_y in zip(across[1:], down[1:], strict=True):
        other = squared_length(other_x, other_y)
        is_steeper = cv2.compare(other, steepness, cv2.CMP_GT)
        for theirs, ours in ((other_x, x), (other_y, y), (other, steepness)):
            cv2.copyTo(theirs, is_steeper, ours)
    return x, y


def squared_length(x: NDArray[np.int16], y: NDArray[np.int16]) -> Plane:
    """Return x² + y²; exact, below 2²⁴."""
    x, y = x.astype(np.float32), y.astype(np.float32)
    return x * x + y * y


def epsilon_map(guide: Frame, band: Mask) -> NDArray[np.float32]:
    """Regularise less near Canny edges that could be the outline; (h, w) float32."""
    edges = (canny_edges(guide) & band).astype(np.float32)
    window = (2 * EDGE_REACH_PX + 1, 2 * EDGE_REACH_PX + 1)
    nearness = cv2.blur(cv2.dilate(edges, np.ones(window, np.uint8)), window)
    return EPSILON_ELSEWHERE + (EPSILON_AT_EDGE - EPSILON_ELSEWHERE) * nearness


def fit_to_colours(
    guide: Frame, coarse: Probability, epsilon: Plane, radius: int
) -> NDArray[np.float32]:
    """Fit coarse = slope . colour + offset in every window, weighted by the network's confidence.

    Returns:
        (h, w, 4) float32: the slope's three parts and the offset, for colours from 0 to 255,
        averaged over the windows that hold a pixel.
    """
    # Centred on grey, so that float32 loses nothing when squares are subtracted.
    colour = [plane.astype(np.float32) / 255 - 0.5 for plane in cv2.split(guide)]
    weight = np.maximum((2 * coarse - 1) ** 2, LEAST_CONFIDENCE)
    window = (2 * radius + 1, 2 * radius + 1)
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
    smooth = [cv2.blur(plane, (radius + 1, radius + 1)) for plane in (*slope, offset)]
    smooth[3] -= 0.5 * (smooth[0] + smooth[1] + smooth[2])  # back to colours that are not centred
    return cv2.merge([plane * np.float32(1 / 255) for plane in smooth[:3]] + smooth[3:])


def solve_symmetric(matrix: list[Plane], ridge: Plane, right: list[Plane]) -> list[Plane]:
    """Solve (matrix + ridge I) x = right in every pixel; x as three planes."""
    solved, determinant = by_cofactors(matrix, ridge, right)
    # The ridge bounds the determinant from below, but for rounding.
    inverse = 1 / np.maximum(determinant, ridge**3)
    return [plane * inverse for plane in solved]


def by_cofactors(matrix: Sequence[Any], ridge: Any, right: Sequence[Any]) -> tuple[list, Any]:
    """Solve (matrix + ridge I) x = right, of planes of any kind: numpy's or a graphics card's.

    Args:
        matrix: the upper triangle, row by row.
        ridge: what is added to the diagonal.
        right: three.

    Returns:
        The three parts of x times the determinant, and the determinant.
    """
    rr, rg, rb, gg, gb, bb = matrix
    rr, gg, bb = rr + ridge, gg + ridge, bb + ridge
    first, second, third = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    fourth, fifth, sixth = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    x, y, z = right
    solved = [
        first * x + second * y + third * z,
        second * x + fourth * y + fifth * z,
        third * x + fifth * y + sixth * z,
    ]
    return solved, rr * first + rg * second + rb * third
