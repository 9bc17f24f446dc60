"""Numbered pieces of a mask."""

import cv2
import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int32]  # (h, w): 0 for background, then a number for each piece


def peaks(values: NDArray[np.float32], labels: Labels, count: int) -> NDArray[np.float32]:
    """Return the largest value under each label, (count,) float32; 0 for the background.

    Args:
        values: (h, w) float32, 0 or more.
        labels: (h, w) int32, each below `count`.
        count: labels there may be, the background's included.
    """
    found, inside = np.zeros(count, np.float32), labels > 0
    np.maximum.at(found, labels[inside], values[inside])
    return found


def nearest_labels(labels: Labels) -> tuple[Labels, NDArray[np.float32]]:
    """Give every pixel the label of the nearest labelled one.

    Returns:
        The labels (h, w) int32, and the distance to that pixel (h, w) float32, in pixels.
    """
    distance, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # OpenCV numbers the labelled pixels one by one; each number leads back to its pixel's label.
    label_of = np.zeros(nearest.max() + 1, np.int32)
    label_of[nearest[labels > 0]] = labels[labels > 0]
    return label_of[nearest], distance
