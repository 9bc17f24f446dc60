"""How good a mask or an alpha is, by the definitions the scores in this project use."""

import cv2
import numpy as np

from segmenter.arrays import Alpha, Mask

# Share of the picture's diagonal within which two contours agree, and its floor in pixels.
BOUNDARY_TOLERANCE = 0.005
LEAST_TOLERANCE_PX = 2


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
        return float(predicted_contour.any() == true_contour.any())
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
    return cv2.distanceTransform((~chosen).astype(np.uint8), cv2.DIST_L2, 5)


def mad(alpha: Alpha, truth: Alpha) -> float:
    """Mean of absolute differences."""
    return float(np.abs(alpha - truth).mean())


def flicker(alphas: np.ndarray, truths: np.ndarray) -> float:
    """Mean absolute change of alpha between frames, where the truth does not change.

    Args:
        alphas: (T, H, W) float32 in [0, 1], T at least 2.
        truths: (T, H, W), the same clip's true masks or alphas.
    """
    still = truths[1:] == truths[:-1]
    changes = np.abs(np.diff(alphas.astype(np.float32), axis=0))
    return float(changes[still].mean()) if still.any() else 0.0
