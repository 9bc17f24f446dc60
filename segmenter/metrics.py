"""How good a mask or an alpha is, by the definitions the scores in this project use."""

import cv2
import numpy as np

from segmenter.arrays import Alpha, Frame, Mask

# Share of the picture's diagonal within which two contours agree, and its floor in pixels.
BOUNDARY_TOLERANCE = 0.005
LEAST_TOLERANCE_PX = 2
GRADIENT_SIGMA_PX = 1.4  # of Rhemann et al. 2009
SPILL_BAND_PX = 3
LAG_SHARE = 0.9  # of a step, that counts as having followed it


def iou(first: Mask, second: Mask) -> float:
    """Intersection over union; empty against empty is 1."""
    union = np.count_nonzero(first | second)
    return 1.0 if union == 0 else np.count_nonzero(first & second) / union


def miou(predicted: Mask, truth: Mask) -> float:
    """Mean of the person's and the background's IoU."""
    return (iou(predicted, truth) + iou(~predicted, ~truth)) / 2


def dice(first: Mask, second: Mask) -> float:
    """Twice the intersection over the sum of areas; empty against empty is 1."""
    areas = np.count_nonzero(first) + np.count_nonzero(second)
    return 1.0 if areas == 0 else 2 * np.count_nonzero(first & second) / areas


def boundary_tolerance_px(height: int, width: int) -> int:
    """Return how far apart, in pixels, two contours may lie and still agree."""
    return max(LEAST_TOLERANCE_PX, round(BOUNDARY_TOLERANCE * float(np.hypot(height, width))))


def contour(mask: Mask) -> Mask:
    """Mark person pixels that touch background on one of four sides; the picture's edge is none."""
    padded = np.pad(mask, 1, mode="edge")
    neighbours = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~neighbours


def boundary_f(predicted: Mask, truth: Mask) -> float:
    """F1 of contour precision and recall within the tolerance (Martin, Fowlkes and Malik 2004)."""
    predicted_contour, true_contour = contour(predicted), contour(truth)
    if not predicted_contour.any() or not true_contour.any():
        return float(np.array_equal(predicted, truth))
    tolerance = boundary_tolerance_px(*truth.shape)
    precision = (distance_to(true_contour)[predicted_contour] <= tolerance).mean()
    recall = (distance_to(predicted_contour)[true_contour] <= tolerance).mean()
    both = precision + recall
    return 0.0 if both == 0 else float(2 * precision * recall / both)


def boundary_iou(predicted: Mask, truth: Mask) -> float:
    """IoU of the two inner bands along the outline (Cheng et al. 2021, arXiv:2103.16562)."""
    tolerance = boundary_tolerance_px(*truth.shape)
    return iou(inner_band(predicted, tolerance), inner_band(truth, tolerance))


def inner_band(mask: Mask, width_px: int) -> Mask:
    """Mark a mask's pixels within `width_px` of its outline; the picture's edge counts as one."""
    window = np.ones((2 * width_px + 1, 2 * width_px + 1), np.uint8)
    eroded = cv2.erode(mask.astype(np.uint8), window, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return mask & (eroded == 0)


def distance_to(chosen: Mask) -> np.ndarray:
    """Return each pixel's distance, in pixels, to the nearest chosen one (float32)."""
    # By windows, which are faster, 7.07 pixels along a diagonal would count as 7.
    return cv2.distanceTransform((~chosen).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def mad(alpha: Alpha, truth: Alpha) -> float:
    """Mean of absolute differences."""
    return float(np.abs(alpha - truth).mean())


def mse(alpha: Alpha, truth: Alpha) -> float:
    """Mean of squared differences."""
    return float(np.square(alpha - truth).mean())


def sad(alpha: Alpha, truth: Alpha) -> float:
    """Sum of absolute differences, in thousands, as papers on matting give it."""
    return float(np.abs(alpha - truth).sum(dtype=np.float64)) / 1000


def gradient_error(alpha: Alpha, truth: Alpha) -> float:
    """Sum of squared differences between both gradients' lengths, in thousands.

    Gradients by first-order Gaussian derivatives (Rhemann et al. 2009, "A perceptually motivated
    online benchmark for image matting", section 3), over the whole picture.
    """
    difference = gradient_length(alpha) - gradient_length(truth)
    return float(np.square(difference).sum(dtype=np.float64)) / 1000


def gradient_length(alpha: Alpha) -> np.ndarray:
    """Return each pixel's gradient length, (H, W) float32; beyond the edge the picture goes on.

    Filters of unit Frobenius norm that end where the Gaussian falls to 0.01, as in the benchmark.
    """
    peak = GRADIENT_SIGMA_PX * np.sqrt(2 * np.pi)
    reach = int(np.ceil(GRADIENT_SIGMA_PX * np.sqrt(-2 * np.log(peak * 0.01))))
    places = np.arange(-reach, reach + 1, dtype=np.float64)
    smooth = np.exp(-(places**2) / (2 * GRADIENT_SIGMA_PX**2))
    slope = places * smooth
    smooth, slope = smooth / np.linalg.norm(smooth), slope / np.linalg.norm(slope)

    def filtered(across: np.ndarray, down: np.ndarray) -> np.ndarray:
        return cv2.sepFilter2D(alpha, cv2.CV_32F, across, down, borderType=cv2.BORDER_REPLICATE)

    return np.hypot(filtered(slope, smooth), filtered(smooth, slope))


def spill(composite: Frame, true_composite: Frame, truth: Alpha) -> float:
    """Mean colour difference of two composites along the true outline.

    The difference is the Euclidean distance in CIELAB (CIE 1976, white D65) of the sRGB colours: 1
    is just visible, black and white are 100 apart. The outline is where the true alpha is neither 0
    nor 1, and all within 3 pixels of the contour of the true alpha cut at one half; 0 without any.

    Args:
        composite: (H, W, 3) uint8, the estimated person over a new background.
        true_composite: the same, of the true foreground and alpha over the same background.
        truth: (H, W) float32 in [0, 1], the true alpha.
    """
    outline = distance_to(contour(truth >= 0.5)) <= SPILL_BAND_PX
    # To an 8-bit picture these are 0 and 1.
    outline |= (truth > 0.5 / 255) & (truth < 1 - 0.5 / 255)
    if not outline.any():
        return 0.0
    first, second = (to_lab(picture[outline]) for picture in (composite, true_composite))
    return float(np.linalg.norm(first - second, axis=1).mean())


def to_lab(colours: np.ndarray) -> np.ndarray:
    """Turn (N, 3) uint8 sRGB into (N, 3) float32 CIELAB: L to 100, a and b about -100 to 100."""
    return cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]


def lag(alphas: np.ndarray, truths: np.ndarray) -> float:
    """Count the frames from a step of the truth until alpha has made 90 % of it on average.

    0 says that alpha follows within the step's own frame. The response of a frame is the step's
    least-squares share in alpha's distance from the truth before; it counts in the pixels that step
    first and stay so. Infinite when the clip ends before; 0 when nothing steps.

    Args:
        alphas: (T, H, W) in [0, 1].
        truths: (T, H, W), the same clip's true masks or alphas.
    """
    truths = truths.astype(np.float32)
    steps = np.flatnonzero((truths[1:] != truths[:-1]).any(axis=(1, 2)))
    if not len(steps):
        return 0.0
    before, after = truths[steps[0]], truths[steps[0] + 1 :]
    stepped = (after[0] != before) & (after == after[0]).all(axis=0)
    step = (after[0] - before)[stepped]
    moved = alphas[steps[0] + 1 :, stepped].astype(np.float32) - before[stepped]
    reached = moved @ step >= LAG_SHARE * (step @ step)
    return float(reached.argmax()) if reached.any() else float("inf")


def flicker(alphas: np.ndarray, truths: np.ndarray) -> float:
    """Mean absolute change of alpha between frames, where the truth does not change.

    Args:
        alphas: (T, H, W) float32 in [0, 1], T at least 2.
        truths: (T, H, W), the same clip's true masks or alphas.
    """
    still = truths[1:] == truths[:-1]
    changes = np.abs(np.diff(alphas.astype(np.float32), axis=0))
    return float(changes[still].mean()) if still.any() else 0.0
