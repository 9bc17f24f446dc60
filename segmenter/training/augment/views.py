"""Random views of photos and backgrounds."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

LARGEST_TURN_DEGREES = 12
SMALLEST_COVER = 0.6  # of a frame's longer side, in which a photo lies
# So often a photo may be as small as this share of what fits: people far away.
FAR_CHANCE, FAR_SHARE = 0.2, 0.35


@dataclass(frozen=True)
class Sample:
    """A picture: image (h,w,3), mask (h,w) 0 to 255, counts (h,w) 1 where the loss looks; uint8."""

    image: np.ndarray
    mask: np.ndarray
    counts: np.ndarray

    @classmethod
    def of_background(cls, image: np.ndarray) -> "Sample":
        """A picture of nobody."""
        return cls(image, np.zeros(image.shape[:2], np.uint8), np.ones(image.shape[:2], np.uint8))


def random_view(
    image: np.ndarray, mask: np.ndarray, height: int, width: int, rng: Generator
) -> Sample:
    """Crop, turn, zoom and mirror a photo and its mask into (height, width).

    Outside the photo the picture is mirrored but does not count.
    """
    fit = min(height / mask.shape[0], width / mask.shape[1])
    cover = max(height / mask.shape[0], width / mask.shape[1])
    # From a little smaller than fitting to half the picture: full bodies become busts, busts faces.
    # In a frame of quite another aspect fitting would leave most of it without a photo.
    smallest = max(0.8 * fit, SMALLEST_COVER * cover)
    if rng.random() < FAR_CHANCE:  # and people far away
        smallest = FAR_SHARE * fit
    scale = float(np.exp(rng.uniform(np.log(smallest), np.log(1.5 * cover))))
    matrix = placement(mask.shape, scale, float(rng.uniform(-1, 1)) * LARGEST_TURN_DEGREES, rng)
    slack = np.array([width - mask.shape[1] * scale, height - mask.shape[0] * scale])
    matrix[:, 2] += slack * rng.uniform(0.0, 1.0, 2) + (
        mask.shape[1] * scale / 2,
        mask.shape[0] * scale / 2,
    )
    size = (width, height)
    # Shrinking by interpolation alone aliases; a first reduction by area keeps hair lines soft.
    return Sample(
        warp(image, matrix, size, scale, cv2.BORDER_REFLECT_101),
        warp(mask, matrix, size, scale, cv2.BORDER_CONSTANT),
        warp(np.ones_like(mask), matrix, size, scale, cv2.BORDER_CONSTANT),
    )


def placement(shape: tuple[int, ...], scale: float, degrees: float, rng: Generator) -> np.ndarray:
    """Return the 2x3 matrix that centres a picture at (0, 0), scaled, turned, at times mirrored."""
    turn = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if rng.random() < 0.5:
        linear[:, 0] *= -1
    centre = np.array([shape[1] / 2, shape[0] / 2])
    return np.hstack([linear, -(linear @ centre)[:, None]])


def warp(pixels: np.ndarray, matrix: np.ndarray, size: tuple[int, int], scale: float, border: int):
    """Warp into `size` (width, height), averaging first when shrinking by half or more."""
    reduction = int(1 / scale) if scale < 1 else 1
    if reduction > 1:
        smaller = (max(1, pixels.shape[1] // reduction), max(1, pixels.shape[0] // reduction))
        factors = np.array([pixels.shape[1] / smaller[0], pixels.shape[0] / smaller[1], 1.0])
        pixels = cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA)
        matrix = matrix * factors
    return cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)


def random_backdrop(image: np.ndarray, height: int, width: int, rng: Generator) -> np.ndarray:
    """Crop a background to (height, width), at times mirrored, or blurred as by a lens."""
    scale = max(height / image.shape[0], width / image.shape[1]) * float(rng.uniform(1.0, 1.8))
    size = (max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale)))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    top = rng.integers(image.shape[0] - height + 1)
    left = rng.integers(image.shape[1] - width + 1)
    image = image[top : top + height, left : left + width]
    if rng.random() < 0.5:
        image = image[:, ::-1]
    if rng.random() < 0.25:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(1, 5)))
    return np.ascontiguousarray(image)
