"""Wide doubt of the network, decided by a cut through the photo's own colours.

GrabCut (Rother, Kolmogorov & Blake 2004): what the network is sure of tells the colours of either
side, as mixtures of Gaussians; the doubtful pixels are then parted along the picture's edges.
Where both sides have the same colours, as dark hair before a dark wall, the doubt stays.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame, Mask, Probability
from segmenter.resample import enlarge, shrink, shrink_to

STUDIED_SIDE = 320  # pixels; a finer study cuts no better
# Probabilities between these are doubt. With .2 and .8, parts of people went with it.
DOUBT = 0.3, 0.7
ROUNDS = 2
# Fewer pixels than this of one kind are nothing to decide, or to learn colours from.
LEAST_PIXELS = 20
# A cut counts wholly where the logarithm of the ratio of both sides' densities is so much, and
# less with less. Without it composites whose alpha is known became worse.
CLEAR_RATIO = 5.0
# Standard deviations, in studied pixels: of the cut's outline, and of where doubt ends.
OUTLINE_PX, DOUBT_PX = 0.8, 1.5
# OpenCV's models: five Gaussians' weights, then their means, then their covariances, in one row.
GAUSSIANS, MODEL_LENGTH = 5, 65
# Added to each variance, in squared grey levels: a flat colour has none.
LEAST_VARIANCE = 1.0
LEAST_DENSITY = 1e-12

Model = NDArray[np.float64]  # (1, MODEL_LENGTH)


def decide_doubt(probability: Probability, frame: Frame) -> Probability:
    """Move doubtful pixels to the side whose colours they have, where the colours tell.

    Args:
        probability: (h, w) float32 in [0, 1].
        frame: (H, W, 3) uint8 RGB of the same aspect.

    Returns:
        (h, w) float32 in [0, 1]; the same array when nothing is to decide.
    """
    small = shrink(probability, STUDIED_SIDE)
    is_doubtful = (small > DOUBT[0]) & (small < DOUBT[1])
    kinds = is_doubtful, small >= DOUBT[1], small <= DOUBT[0]
    if any(np.count_nonzero(kind) < LEAST_PIXELS for kind in kinds):
        return probability
    studied = np.ascontiguousarray(shrink_to(frame, *small.shape))
    is_hers, models = grab_cut(studied, small > 0.5, is_doubtful)
    weight = np.zeros(small.shape, np.float32)
    ratio = log_ratio(studied[is_doubtful], *models)
    towards = np.where(is_hers[is_doubtful], ratio, -ratio)
    weight[is_doubtful] = np.clip(towards / CLEAR_RATIO, 0, 1)
    outline = cv2.GaussianBlur(is_hers.astype(np.float32), (0, 0), OUTLINE_PX)
    moved = cv2.GaussianBlur(weight, (0, 0), DOUBT_PX) * (outline - small)
    return np.clip(probability + enlarge(moved, *probability.shape), 0, 1)


def grab_cut(picture: Frame, person: Mask, doubtful: Mask) -> tuple[Mask, tuple[Model, Model]]:
    """Cut a small picture into the person and the background.

    Args:
        picture: (h, w, 3) uint8.
        person: (h, w) bool, the more probable side of each pixel; not all of one side.
        doubtful: (h, w) bool, where that may change.

    Returns:
        Where the person is then, (h, w) bool; and the models of her and of the background.
    """
    labels = np.where(
        doubtful,
        np.where(person, cv2.GC_PR_FGD, cv2.GC_PR_BGD),
        np.where(person, cv2.GC_FGD, cv2.GC_BGD),
    ).astype(np.uint8)
    hers, background = np.zeros((1, MODEL_LENGTH)), np.zeros((1, MODEL_LENGTH))
    # The Gaussians are begun at random: the same each time, since each thread has a generator of
    # its own.
    cv2.setRNGSeed(0)
    cv2.grabCut(picture, labels, None, background, hers, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD), (hers, background)


def log_ratio(colours: Frame, hers: Model, background: Model) -> NDArray[np.float64]:
    """Return the logarithm of how much likelier colours, (N, 3), are hers; (N,), finite."""
    return np.log(density(colours, hers) / density(colours, background))


def density(colours: Frame, model: Model) -> NDArray[np.float64]:
    """Return the density of a mixture of Gaussians, without its constant, at colours; (N,)."""
    weights, means, covariances = np.split(model[0], [GAUSSIANS, 4 * GAUSSIANS])
    covariances = covariances.reshape(-1, 3, 3) + LEAST_VARIANCE * np.eye(3)
    found = np.full(len(colours), LEAST_DENSITY)
    for weight, mean, covariance in zip(weights, means.reshape(-1, 3), covariances, strict=True):
        away = colours - mean
        distance = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
        found += weight * np.exp(-distance / 2) / np.sqrt(np.linalg.det(covariance))
    return found
