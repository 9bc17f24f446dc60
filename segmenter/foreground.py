"""The person's own colours where the old background shines through.

Blurred estimates of foreground and background colour, corrected by what the pixel shows (Forte
2021, "Approximate fast foreground colour estimation"). Blurring runs on a smaller picture: a colour
that is an average of its neighbourhood needs no more.
"""

import cv2
import numpy as np

from segmenter.arrays import Alpha, Frame, require_coverage, require_frame

# Two windows, as in the paper: a wide one finds colours for pixels far from either side, a narrow
# one sharpens them. In pixels of a picture with long side WORKING_SIZE.
WORKING_SIZE = 320
WINDOWS_PX = (61, 11)
# Alphas nearer to 0 or 1 than this are one colour already to the eye.
NEGLIGIBLE = 1 / 255
EPSILON = 1e-4


def estimate_foreground(frame: Frame, alpha: Alpha) -> Frame:
    """Return F of C = αF + (1 - α)B for every pixel that is partly covered.

    Where alpha is 1 the frame's own colours come back; where it is 0 the colour does not matter for
    `over`, and is the nearby person's, so that a resized cut-out has no rim either.

    Args:
        frame: (H, W, 3) uint8, the picture C.
        alpha: (H, W) float32 in [0, 1].
    """
    require_coverage(alpha, require_frame(frame))
    partly = (alpha < 1 - NEGLIGIBLE) & (cv2.dilate(alpha, np.ones((5, 5), np.uint8)) > NEGLIGIBLE)
    result = frame.copy()
    rows, columns = np.nonzero(partly)
    if len(rows) == 0:
        return result
    person, backdrop = blurred_colours(frame, alpha)
    scale = (person.shape[1] / frame.shape[1], person.shape[0] / frame.shape[0])
    coverage = alpha[rows, columns][:, None]
    near, behind = (sample(colours, rows, columns, scale) for colours in (person, backdrop))
    seen = frame[rows, columns].astype(np.float32)
    estimate = near + coverage * (seen - coverage * near - (1 - coverage) * behind)
    result[rows, columns] = np.clip(np.rint(estimate), 0, 255).astype(np.uint8)
    return result


def blurred_colours(frame: Frame, alpha: Alpha) -> tuple[np.ndarray, np.ndarray]:
    """Return small float32 pictures of the foreground's and the background's smoothed colour."""
    height, width = alpha.shape
    shrink = min(1.0, WORKING_SIZE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    cover = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)[..., None]
    person = backdrop = small
    for window in WINDOWS_PX:
        near = spread(person, cover, window)
        behind = spread(backdrop, 1 - cover, window)
        person = np.clip(near + cover * (small - cover * near - (1 - cover) * behind), 0, 255)
        backdrop = behind
    return person, backdrop


def spread(colours: np.ndarray, weight: np.ndarray, window: int) -> np.ndarray:
    """Average (h, w, 3) colours in a square window by an (h, w, 1) weight."""
    total = cv2.blur(weight, (window, window))[..., None]
    return cv2.blur(colours * weight, (window, window)) / (total + EPSILON) + colours * (
        EPSILON / (total + EPSILON)
    )


def sample(
    colours: np.ndarray, rows: np.ndarray, columns: np.ndarray, scale: tuple[float, float]
) -> np.ndarray:
    """Read a small picture at a large one's pixels, bilinearly; (N, 3) float32."""
    x = ((columns + 0.5) * scale[0] - 0.5).astype(np.float32)
    y = ((rows + 0.5) * scale[1] - 0.5).astype(np.float32)
    return bilinear(colours, x, y)


def bilinear(colours: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Read (h, w, 3) float32 colours at points x, y, clamped to the picture."""
    height, width = colours.shape[:2]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left)[:, None], (y - top)[:, None]
    upper = colours[top, left] * (1 - across) + colours[top, right] * across
    lower = colours[bottom, left] * (1 - across) + colours[bottom, right] * across
    return upper * (1 - down) + lower * down
