"""Grounds with nothing on them: a covered lens, a fade to black, a title card, a studio's wall.

Photos of rooms hold none of these, and a network that never saw them takes them for a person.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

GREY_CHANCE, DARK_CHANCE = 0.5, 0.2
DARKEST = 30  # levels: of a covered lens, noise included
EVEN_CHANCE = 0.5  # of one colour all over; else it changes from one to another


def plain_backdrop(height: int, width: int, rng: Generator) -> NDArray[np.uint8]:
    """Draw one colour, or two with a slope between them or around a middle; (h, w, 3)."""
    first, other = random_colour(rng), random_colour(rng)
    share = np.zeros((height, width)) if rng.random() < EVEN_CHANCE else slope(height, width, rng)
    return np.rint(first + share[..., None] * (other - first)).astype(np.uint8)


def random_colour(rng: Generator) -> NDArray[np.float64]:
    """Choose a colour, (3,) in [0, 255]: often a grey, at times nearly black."""
    highest = DARKEST if rng.random() < DARK_CHANCE else 255
    number = 1 if rng.random() < GREY_CHANCE else 3
    return np.broadcast_to(rng.uniform(0, highest, number), 3)


def slope(height: int, width: int, rng: Generator) -> NDArray[np.float64]:
    """Return how far each pixel is from one colour to the other, (h, w) in [0, 1]."""
    y, x = np.mgrid[:height, :width]
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        distance = x * np.cos(angle) + y * np.sin(angle)
        distance -= distance.min()
    else:  # light in the middle, or dark corners
        distance = np.hypot(x - width * rng.random(), y - height * rng.random())
    return distance / distance.max()
