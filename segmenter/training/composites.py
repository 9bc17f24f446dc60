"""Photos whose true alpha and colours are known: cut-outs put before other backgrounds.

By the functions of the training's own composites, but without the camera's faults and the objects:
every pixel is C = αF + (1 - α)B, so that what a matte leaves of B can be measured.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segmenter.arrays import Alpha, Frame
from segmenter.training.augment.compose import match_light, place_person
from segmenter.training.augment.views import random_backdrop
from segmenter.training.pairs import check_pairs, find_cast
from segmenter.training.pictures import read_image

COUNT, SEED = 200, 20
SIZES = ((640, 480), (480, 640))  # (height, width), in turns
# Of the frame, that somebody must cover at least; a sliver at the edge is no portrait.
LEAST_COVERED = 0.03
TRIES = 20


@dataclass(frozen=True)
class Composite:
    """A frame (H, W, 3) uint8, the alpha in it in 256 steps, and the person's own colours.

    Attributes:
        foreground: (H, W, 3) uint8, F of C = αF + (1 - α)B, right wherever alpha is above 0.
    """

    frame: Frame
    alpha: Alpha
    foreground: Frame


class Composites:
    """A fixed number of composites, each made when it is asked for.

    Number `index` is the same for the same files, count and seed on every machine.
    """

    def __init__(self, folder: Path, count: int = COUNT, seed: int = SEED):
        """Find and check the files of cutouts/images, cutouts/masks and backgrounds/ in `folder`.

        Raises:
            InvalidDataset: a folder is missing or empty, or a file has a fault.
        """
        self.seed = seed
        people, backgrounds = find_cast(folder)
        rng = np.random.default_rng(seed)
        # Everybody once before anybody twice.
        self.people = [people[place] for place in shuffled(len(people), count, rng)]
        self.backgrounds = [backgrounds[place] for place in shuffled(len(backgrounds), count, rng)]
        check_pairs(sorted(set(self.people), key=str), sorted(set(self.backgrounds)))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.people)

    def __getitem__(self, index: int) -> Composite:
        """Make one.

        Raises:
            IndexError: there are not so many.
            InvalidDataset: a file can't be read any more.
        """
        image, mask = self.people[index].read()
        rng = np.random.default_rng((self.seed, index))
        height, width = SIZES[index % len(SIZES)]
        background = random_backdrop(read_image(self.backgrounds[index]), height, width, rng)
        return compose(image, mask, background, rng)


def shuffled(available: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` of the numbers below `available`, in random order, none much more often."""
    rounds = -(-count // available)
    return np.concatenate([rng.permutation(available) for _ in range(rounds)])[:count]


def compose(
    image: np.ndarray, mask: np.ndarray, background: Frame, rng: np.random.Generator
) -> Composite:
    """Put somebody (image, alpha 0 to 255) before a background (H, W, 3) of the final size."""
    for _ in range(TRIES):
        person = place_person(image, mask, *background.shape[:2], rng)
        if person.coverage.mean() >= LEAST_COVERED:
            break
    colours = match_light(person, background, rng)
    foreground = np.rint(np.clip(colours, 0, 255)).astype(np.uint8)
    alpha = np.rint(person.coverage * 255).astype(np.float32) / 255
    coverage = alpha[..., None]
    frame = coverage * foreground + (1 - coverage) * background
    return Composite(np.rint(frame).astype(np.uint8), alpha, foreground)
