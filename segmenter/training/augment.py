"""Random views, composites and camera faults, as functions of pixels and a random generator."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torchvision.transforms import v2

LARGEST_TURN_DEGREES = 12
PHOTOMETRIC = v2.Compose(
    [
        v2.RandomApply(
            [v2.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.04)], p=0.7
        ),
        v2.RandomGrayscale(p=0.04),
        v2.RandomApply([v2.GaussianBlur(5, sigma=(0.3, 1.6))], p=0.12),
    ]
)
JPEG_QUALITY = (35, 95)


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

    Outside the photo the picture is continued but does not count.
    """
    fit = min(height / mask.shape[0], width / mask.shape[1])
    cover = max(height / mask.shape[0], width / mask.shape[1])
    # From a little smaller than fitting to half the picture: full bodies become busts, busts faces.
    scale = float(np.exp(rng.uniform(np.log(0.8 * fit), np.log(1.5 * cover))))
    matrix = placement(mask.shape, scale, float(rng.uniform(-1, 1)) * LARGEST_TURN_DEGREES, rng)
    slack = np.array([width - mask.shape[1] * scale, height - mask.shape[0] * scale])
    matrix[:, 2] += slack * rng.uniform(0.0, 1.0, 2) + (
        mask.shape[1] * scale / 2,
        mask.shape[0] * scale / 2,
    )
    size = (width, height)
    # Shrinking by interpolation alone aliases; a first reduction by area keeps hair lines soft.
    return Sample(
        warp(image, matrix, size, scale, cv2.BORDER_REPLICATE),
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


def composite(
    background: np.ndarray, people: list[tuple[np.ndarray, np.ndarray]], rng: Generator
) -> Sample:
    """Stand people (image, alpha 0 to 255), farthest first, before a background of final size."""
    image = background.astype(np.float32)
    mask = np.zeros(background.shape[:2], np.float32)
    for person, alpha in people:
        person, alpha = place_person(person, alpha, *background.shape[:2], rng)
        person = match_light(person.astype(np.float32), alpha, background, rng)
        coverage = alpha.astype(np.float32) / 255
        image = coverage[..., None] * person + (1 - coverage[..., None]) * image
        mask = np.maximum(mask, coverage)
    rounded = np.rint(np.clip(image, 0, 255)).astype(np.uint8)
    return Sample(rounded, np.rint(mask * 255).astype(np.uint8), np.ones(mask.shape, np.uint8))


def place_person(person: np.ndarray, alpha: np.ndarray, height: int, width: int, rng: Generator):
    """Scale and put a person into (height, width); one cut off below stays cut off below."""
    rows, columns = np.nonzero(alpha > 127)
    if len(rows) == 0:
        return np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    scale = float(rng.uniform(0.45, 1.15)) * height / (bottom - top)
    matrix = placement(
        alpha.shape, scale, float(rng.uniform(-1, 1)) * LARGEST_TURN_DEGREES / 2, rng
    )
    middle = matrix @ (np.array([(left + right) / 2, (top + bottom) / 2, 1.0]))
    cut_below = bottom >= alpha.shape[0] - 2
    half = scale * (bottom - top) / 2
    y = (
        height - half * float(rng.uniform(0.75, 1.0))
        if cut_below
        else rng.uniform(0.3, 0.7) * height
    )
    matrix[:, 2] += np.array([rng.uniform(0.15, 0.85) * width, y]) - middle
    # Half a pixel in, so that the old backdrop's colour does not mark the outline.
    alpha = cv2.erode(alpha, np.ones((3, 3), np.uint8)) if rng.random() < 0.5 else alpha
    size = (width, height)
    return (
        warp(person, matrix, size, scale, cv2.BORDER_REPLICATE),
        cv2.GaussianBlur(warp(alpha, matrix, size, scale, cv2.BORDER_CONSTANT), (3, 3), 0),
    )


def match_light(
    person: np.ndarray, alpha: np.ndarray, background: np.ndarray, rng: Generator
) -> np.ndarray:
    """Move a person's mean colour towards the background's by a random part."""
    chosen = alpha > 127
    if not chosen.any():
        return person
    difference = background.reshape(-1, 3).mean(axis=0) - person[chosen].mean(axis=0)
    return person + float(rng.uniform(0.0, 0.5)) * difference


def simulate_camera(image: Tensor, rng: Generator) -> Tensor:
    """Give a (3,h,w) uint8 picture a real camera's light, cast, blur, noise and compression."""
    image = PHOTOMETRIC(image)
    if rng.random() < 0.35:
        image = expose(image, rng)
    if rng.random() < 0.15:
        image = lose_detail(image, float(rng.uniform(0.4, 0.8)))
    return compress(image, int(rng.integers(*JPEG_QUALITY))) if rng.random() < 0.4 else image


def expose(image: Tensor, rng: Generator) -> Tensor:
    """Apply a white-balance error, a tone curve (low or strong light) and sensor noise."""
    gains = torch.from_numpy(rng.uniform(0.8, 1.2, (3, 1, 1)).astype(np.float32))
    light = (image.float() / 255) ** float(np.exp(rng.uniform(-0.5, 0.7))) * gains
    noise = torch.randn(light.shape) * float(rng.uniform(0.0, 0.06))
    return ((light + noise).clamp(0, 1) * 255).round().to(torch.uint8)


def lose_detail(image: Tensor, scale: float) -> Tensor:
    """Shrink and enlarge, as a cheap webcam does."""
    height, width = image.shape[-2:]
    small = v2.functional.resize(
        image, [round(height * scale), round(width * scale)], antialias=True
    )
    return v2.functional.resize(small, [height, width], antialias=True)


def compress(image: Tensor, quality: int) -> Tensor:
    """Leave JPEG's traces of a quality from 1 to 100."""
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return torch.from_numpy(cv2.imdecode(coded, cv2.IMREAD_COLOR)).permute(2, 0, 1).contiguous()
