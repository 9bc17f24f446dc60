"""Bars beside a picture, as films and videos shown upright bring them: nobody goes on into them."""

import cv2
import numpy as np
from numpy.random import Generator

from segmenter.training.augment.plain import random_colour
from segmenter.training.augment.views import Sample

WIDTHS = (0.04, 0.2)  # of each bar, as a share of the picture's side
BLACK_CHANCE, PLAIN_CHANCE = 0.6, 0.15  # else the picture itself, enlarged and blurred
BLUR_SHARE = 1 / 24  # of the picture's width


def put_bars(sample: Sample, rng: Generator) -> Sample:
    """Hide a sample's upper and lower border, or the left and right one, under bars that count."""
    height, width = sample.mask.shape
    share = float(rng.uniform(*WIDTHS))
    bars = np.zeros((height, width), bool)
    if rng.random() < 0.5:
        thick = round(share * height)
        bars[:thick] = bars[height - thick :] = True
    else:
        thick = round(share * width)
        bars[:, :thick] = bars[:, width - thick :] = True
    image, mask, counts = sample.image.copy(), sample.mask.copy(), sample.counts.copy()
    image[bars] = random_filling(sample.image, rng)[bars]
    mask[bars], counts[bars] = 0, 1
    return Sample(image, mask, counts)


def random_filling(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Return what bars are filled with, (h, w, 3) uint8."""
    kind = rng.random()
    if kind < BLACK_CHANCE:
        return np.zeros_like(image)
    if kind < BLACK_CHANCE + PLAIN_CHANCE:
        return np.full_like(image, random_colour(rng))
    height, width = image.shape[:2]
    middle = image[height // 6 : -(height // 6), width // 6 : -(width // 6)]
    enlarged = cv2.resize(middle, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.GaussianBlur(enlarged, (0, 0), BLUR_SHARE * width)
