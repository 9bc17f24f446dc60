"""People before other backgrounds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from segmenter.training.augment.camera import random_motion
from segmenter.training.augment.views import LARGEST_TURN_DEGREES, Sample, placement, warp

SMALLEST_PERSON, FARTHEST_PERSON = 0.4, 0.2  # of the frame's height; usually, and in training
TALLEST_PERSON = 3.0  # of the frame's height: a full body becomes head and shoulders
WIDEST_PERSON = 1.1  # of the frame's width
LARGEST_ENLARGEMENT = 2.0  # beyond it everybody would be blurred
SHADOW_CHANCE, MOTION_CHANCE = 0.3, 0.08
LEAST_STANDING = 1.6  # height to width of somebody who stands
# A group: heights as shares of the frame's, and the steps from one to the next as shares of these.
GROUP_HEIGHTS, GROUP_STEPS = (0.2, 0.75), (0.12, 0.6)


@dataclass(frozen=True)
class Person:
    """Somebody in the frame: colours (h,w,3), coverage (h,w) in [0, 1], both float32."""

    colours: np.ndarray
    coverage: np.ndarray
    tall: float  # pixels from head to toe, in the frame or beyond it


def composite(
    background: np.ndarray, people: Iterable[tuple[np.ndarray, np.ndarray]], rng: Generator
) -> Sample:
    """Put people (image, alpha 0 to 255) anywhere before a background (h,w,3) of the final size."""
    placed = [
        place_person(*person, *background.shape[:2], rng, FARTHEST_PERSON) for person in people
    ]
    return draw_people(background, placed, rng)


def group(
    background: np.ndarray, people: Sequence[tuple[np.ndarray, np.ndarray]], rng: Generator
) -> Sample:
    """Stand full bodies (image, alpha 0 to 255) side by side, as small as people far away."""
    height, width = background.shape[:2]
    usual = np.exp(rng.uniform(*np.log(GROUP_HEIGHTS))) * height
    steps = usual * rng.uniform(*GROUP_STEPS, len(people)).cumsum()
    places = steps - steps.mean() + width * rng.uniform(0.25, 0.75)
    ground = height * rng.uniform(0.7, 0.98)
    placed = []
    for (image, alpha), x in zip(people, places, strict=True):
        # Whoever stands nearer stands lower in the picture, and is larger.
        nearness = rng.uniform(-0.1, 0.1)
        tall = usual * (1 + nearness) * rng.uniform(0.85, 1.1)
        placed.append(
            stand(image, alpha, tall, (x, ground + nearness * usual), (height, width), rng)
        )
    return draw_people(background, placed, rng)


def draw_people(background: np.ndarray, people: Iterable[Person], rng: Generator) -> Sample:
    """Draw people before a background (h,w,3) of the same size, whoever is farther first."""
    image = background.astype(np.float32)
    mask = np.zeros(background.shape[:2], np.float32)
    for person in sorted(people, key=lambda one: one.tall):  # whoever is farther looks smaller
        coverage = person.coverage[..., None]
        if rng.random() < SHADOW_CHANCE:
            image = cast_shadow(image, person.coverage, rng)
        image = coverage * match_light(person, background, rng) + (1 - coverage) * image
        mask = person.coverage + (1 - person.coverage) * mask
    rounded = np.rint(np.clip(image, 0, 255)).astype(np.uint8)
    return Sample(rounded, np.rint(mask * 255).astype(np.uint8), np.ones(mask.shape, np.uint8))


def stand(
    image: np.ndarray,
    alpha: np.ndarray,
    tall: float,
    feet: tuple[float, float],
    size: tuple[int, int],
    rng: Generator,
) -> Person:
    """Stand a full body, `tall` pixels high, with its feet at (x, y) into a frame (h, w)."""
    left, top, wide, high = cv2.boundingRect((alpha > 127).astype(np.uint8))
    scale = tall / high
    matrix = placement(alpha.shape, scale, 0.0, rng)
    matrix[:, 2] += feet - matrix @ np.array([left + wide / 2, top + high, 1.0])
    return seen_through(matrix, image, alpha, scale, size, rng)


def place_person(
    image: np.ndarray,
    alpha: np.ndarray,
    height: int,
    width: int,
    rng: Generator,
    smallest: float = SMALLEST_PERSON,
) -> Person:
    """Scale, turn and put somebody into (height, width), from a full body to a face.

    Where the photo's edge cuts them off, the frame's edge does too. `smallest` is a share of the
    frame's height.
    """
    left, top, wide, tall = cv2.boundingRect((alpha > 127).astype(np.uint8))
    if not tall:
        nobody = np.zeros((height, width), np.float32)
        return Person(np.zeros((height, width, 3), np.float32), nobody, 0.0)
    cut = cut_sides(alpha)
    scale = choose_scale(tall, wide, height, width, cut, smallest, rng)
    degrees = float(rng.uniform(-0.5, 0.5)) * LARGEST_TURN_DEGREES
    matrix = placement(alpha.shape, scale, degrees, rng)
    middle = matrix @ np.array([left + wide / 2, top + tall / 2, 1.0])
    y = choose_top(scale * tall / height, "below" in cut, rng) * height + scale * tall / 2
    matrix[:, 2] += np.array([rng.uniform(0.15, 0.85) * width, y]) - middle
    matrix[:, 2] += shift_beyond(matrix, (left, top, wide, tall), cut, height, width)
    return seen_through(matrix, image, alpha, scale, (height, width), rng)


def seen_through(
    matrix: np.ndarray,
    image: np.ndarray,
    alpha: np.ndarray,
    scale: float,
    size: tuple[int, int],
    rng: Generator,
) -> Person:
    """Warp somebody into a frame (h, w) by a 2x3 matrix of a scale; at times they move."""
    height, width = size
    tall = scale * cv2.boundingRect((alpha > 127).astype(np.uint8))[3]
    colours = warp(image, matrix, (width, height), scale, cv2.BORDER_REPLICATE)
    alpha = warp(alpha, matrix, (width, height), scale, cv2.BORDER_CONSTANT)
    alpha = cv2.GaussianBlur(alpha, (3, 3), 0)
    if rng.random() < 0.5:  # many masks are a pixel too wide
        alpha = cv2.erode(alpha, np.ones((3, 3), np.uint8))
    colours, coverage = spread_colours(colours, alpha), alpha.astype(np.float32) / 255
    if rng.random() < MOTION_CHANCE:
        kernel = random_motion(height, rng)
        colours, coverage = cv2.filter2D(colours, -1, kernel), cv2.filter2D(coverage, -1, kernel)
    return Person(colours, coverage, tall)


def is_whole(alpha: np.ndarray) -> bool:
    """Tell whether a photo shows somebody standing, from head to toe."""
    _, _, wide, tall = cv2.boundingRect((alpha > 127).astype(np.uint8))
    return tall > LEAST_STANDING * wide > 0 and not cut_sides(alpha)


def cut_sides(alpha: np.ndarray) -> set[str]:
    """Return the sides of the photo (left, right, above, below) that cut the person off."""
    sides = {
        "left": alpha[:, :2],
        "right": alpha[:, -2:],
        "above": alpha[:2],
        "below": alpha[-2:],
    }
    return {name for name, edge in sides.items() if edge.max() > 127}


def choose_scale(
    tall: int, wide: int, height: int, width: int, cut: set[str], smallest: float, rng: Generator
) -> float:
    """Return how much to enlarge somebody of so many pixels for a frame of (height, width)."""
    smallest *= height / tall
    largest = min(WIDEST_PERSON * width / wide, TALLEST_PERSON * height / tall, LARGEST_ENLARGEMENT)
    scale = float(np.exp(rng.uniform(np.log(smallest), np.log(max(largest, 1.5 * smallest)))))
    # One cut off on both sides must reach from edge to edge, also when turned.
    if {"left", "right"} <= cut:
        scale = max(scale, 1.1 * width / wide)
    if {"above", "below"} <= cut:
        scale = max(scale, 1.1 * height / tall)
    return scale


def choose_top(tall: float, is_cut_below: bool, rng: Generator) -> float:
    """Return where the head begins; this and `tall` are parts of the frame's height."""
    if tall < 0.95 and not is_cut_below:
        return float(rng.uniform(0.75, 1.03)) - tall  # the feet are on the ground
    return max(1 - tall, -0.08) + float(rng.uniform(0, 0.25)) * min(tall, 1.0)


def shift_beyond(
    matrix: np.ndarray, box: tuple[int, ...], cut: set[str], height: int, width: int
) -> np.ndarray:
    """Return the move (x, y) that takes the cut sides of a box out of the frame."""
    left, top, wide, tall = box
    corners = {
        "left": ((left, top), (left, top + tall)),
        "right": ((left + wide, top), (left + wide, top + tall)),
        "above": ((left, top), (left + wide, top)),
        "below": ((left, top + tall), (left + wide, top + tall)),
    }
    is_mirrored = np.linalg.det(matrix[:, :2]) < 0
    move = np.zeros(2)
    for side in sorted(cut):
        x, y = (matrix @ np.array([(*corner, 1.0) for corner in corners[side]]).T) + move[:, None]
        if side == "above":
            move[1] -= max(0.0, y.max())
        elif side == "below":
            move[1] += max(0.0, height - y.min())
        elif (side == "left") != is_mirrored:
            move[0] -= max(0.0, x.max())
        else:
            move[0] += max(0.0, width - x.min())
    return move


def spread_colours(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Continue the colours of the inside, as float32, over the edge, where the old ground shows.

    A normalised convolution (Knutsson and Westin 1993) of the pixels that are surely inside.
    """
    core = cv2.erode((alpha > 240).astype(np.float32), np.ones((3, 3)))[..., None]
    colours = colours.astype(np.float32)
    near = cv2.blur(np.concatenate([colours * core, core], axis=2), (11, 11))
    weight = near[..., 3:]
    outside = (core == 0) & (weight > 0.02)
    return np.where(outside, near[..., :3] / np.maximum(weight, 0.02), colours)


def match_light(person: Person, background: np.ndarray, rng: Generator) -> np.ndarray:
    """Move a person's mean colour and contrast towards the background's by random parts."""
    chosen = (person.coverage > 0.5).astype(np.uint8)
    if not chosen.any():
        return person.colours
    mean, deviation = (part.ravel() for part in cv2.meanStdDev(person.colours, mask=chosen))
    mean_there, deviation_there = (part.ravel() for part in cv2.meanStdDev(background))
    gain = (deviation_there.mean() + 8) / (deviation.mean() + 8)  # 8: both may be of one colour
    gain = np.clip(gain ** rng.uniform(0.0, 0.5), 0.7, 1.4)
    light = mean + rng.uniform(0.0, 0.6) * (mean_there - mean)
    return ((person.colours - mean) * gain + light).astype(np.float32)


def cast_shadow(image: np.ndarray, coverage: np.ndarray, rng: Generator) -> np.ndarray:
    """Darken what is behind somebody by a soft copy of their outline, shifted a little."""
    height, width = coverage.shape
    small = (max(1, width // 4), max(1, height // 4))
    move = np.array([[1, 0, rng.uniform(-0.1, 0.1)], [0, 1, rng.uniform(-0.03, 0.06)]])
    move[:, 2] *= small
    shadow = cv2.warpAffine(cv2.resize(coverage, small, interpolation=cv2.INTER_AREA), move, small)
    shadow = cv2.GaussianBlur(shadow, (0, 0), 0.5 + float(rng.uniform(0.0, 0.06)) * small[1])
    dark = float(rng.uniform(0.1, 0.6)) * cv2.resize(shadow, (width, height))
    return image * (1 - dark[..., None])
