"""Things that stand in front of people, or with them in a room: their pixels are nobody's."""

import cv2
import numpy as np
from numpy.random import Generator

from segmenter.training.augment.views import Sample

MOST_HIDDEN = 0.6  # of a person's pixels; with less left nobody could tell that it is one


def put_object(sample: Sample, texture: np.ndarray, rng: Generator) -> Sample:
    """Put a random thing into a picture, in front of the people if there are any.

    Args:
        sample: the picture.
        texture: (h,w,3) uint8 as large as the picture, what the thing is made of.
        rng: what it looks like and where it is.
    """
    coverage = random_shape(*sample.mask.shape, random_place(sample.mask, rng), rng)
    covered = cover(sample, paint(texture, rng), coverage)
    too_much = covered.mask.sum(dtype=np.int64) < (1 - MOST_HIDDEN) * sample.mask.sum(
        dtype=np.int64
    )
    return sample if too_much else covered


def cover(sample: Sample, texture: np.ndarray, coverage: np.ndarray) -> Sample:
    """Lay a texture (h,w,3) over a picture where coverage (h,w), float32 in [0, 1], says so."""
    over = coverage[..., None]
    image = over * texture.astype(np.float32) + (1 - over) * sample.image.astype(np.float32)
    mask = sample.mask * (1 - coverage)
    return Sample(np.rint(image).astype(np.uint8), np.rint(mask).astype(np.uint8), sample.counts)


def random_place(mask: np.ndarray, rng: Generator) -> tuple[float, float]:
    """Return x and y: on somebody, rather low than high, or anywhere when nobody is there."""
    height, width = mask.shape
    people = np.flatnonzero(mask > 127)
    if not len(people):
        return float(rng.uniform(0, width)), float(rng.uniform(0, height))
    # Rows follow each other, so the later of two pixels is seldom on the face.
    y, x = divmod(int(people[rng.integers(len(people), size=2).max()]), width)
    return float(x), float(y)


def random_shape(height: int, width: int, place: tuple[float, float], rng: Generator) -> np.ndarray:
    """Return the coverage (h,w), float32 in [0, 1], of a desk, post, ball, board or bush."""
    outline = OUTLINES[rng.integers(len(OUTLINES))](height, width, place, rng)
    shape = np.zeros((height, width), np.uint8)
    cv2.fillPoly(shape, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return cv2.GaussianBlur(shape, (3, 3), 0).astype(np.float32) / 255


def desk(height: int, width: int, place: tuple[float, float], rng: Generator) -> np.ndarray:
    """Fill the picture below a line."""
    left = float(rng.uniform(0.65, 0.95)) * height
    right = left + float(rng.normal(0, 0.03)) * height
    return np.array([(-2, left), (width + 2, right), (width + 2, height + 2), (-2, height + 2)])


def post(height: int, width: int, place: tuple[float, float], rng: Generator) -> np.ndarray:
    """Stand on the lower edge: a lamp, a chair's back, a plant's stem."""
    half, lean = float(rng.uniform(0.01, 0.07)) * width, float(rng.normal(0, 0.04)) * width
    x, top = place[0], min(place[1], 0.8 * height)
    return np.array(
        [(x - half, top), (x + half, top), (x + half + lean, height + 2), (x - half + lean, height)]
    )


def ball(height: int, width: int, place: tuple[float, float], rng: Generator) -> np.ndarray:
    """An ellipse: a mug, a balloon, a plate."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radii = rng.uniform(0.03, 0.16, 2) * min(height, width)
    return place + turned(np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii, rng)


def board(height: int, width: int, place: tuple[float, float], rng: Generator) -> np.ndarray:
    """A rectangle: a book, a screen, a box."""
    half = rng.uniform(0.04, 0.2, 2) * min(height, width)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    return place + turned(corners, rng, largest=0.4)


def bush(height: int, width: int, place: tuple[float, float], rng: Generator) -> np.ndarray:
    """An uneven star: leaves, a toy, a crumpled cloth."""
    corners = int(rng.integers(9, 25))
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radii = rng.uniform(0.5, 1.0, (corners, 1)) * rng.uniform(0.05, 0.2) * min(height, width)
    return place + np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii


OUTLINES = (desk, post, ball, board, bush)


def turned(points: np.ndarray, rng: Generator, largest: float = np.pi) -> np.ndarray:
    """Turn points (n,2) about (0, 0) by at most `largest` radians."""
    angle = float(rng.uniform(-largest, largest))
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])


def paint(texture: np.ndarray, rng: Generator) -> np.ndarray:
    """Return a thing's surface as float32: half the time plain, shaded from above or the side."""
    height, width = texture.shape[:2]
    surface = texture.astype(np.float32)
    if rng.random() < 0.5:
        surface = np.broadcast_to(surface[rng.integers(height), rng.integers(width)], texture.shape)
    start, end = rng.uniform(0.5, 1.3, 2)
    shade = np.linspace(start, end, height if rng.random() < 0.5 else width, dtype=np.float32)
    shade = shade[:, None, None] if len(shade) == height else shade[None, :, None]
    return np.clip(surface * shade, 0, 255)
