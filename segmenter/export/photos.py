"""Photos to calibrate with, and to compare exported files on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame
from segmenter.benchmark.scenes import SCENE_SIZES, scene
from segmenter.errors import InvalidDataset
from segmenter.training.pairs import Pair, evenly_spaced, find_pairs
from segmenter.training.pictures import find_folder, find_pictures, read_image

NOISE = 25  # standard deviation, of 255


@dataclass(frozen=True)
class Photo:
    """A picture and, when it is known, where its people are."""

    frame: Frame
    person: NDArray[np.bool_] | None = None  # (H, W)


def calibration_photos(folders: Sequence[Path], at_most: int) -> list[Path]:
    """List photos, about as many of each folder, evenly chosen from its first to its last.

    Args:
        folders: of pictures, or with pictures in images/.
        at_most: how many in all.

    Raises:
        InvalidDataset: a folder holds none.
    """
    share = -(-at_most // len(folders))
    return [path for folder in folders for path in evenly_spaced(pictures_in(folder), share)][
        :at_most
    ]


def parity_photos(folder: Path | None, at_most: int) -> list[Callable[[], Photo]]:
    """Return what reads photos: those with masks of a folder that holds masks/, else its pictures.

    Without a folder the pictures are generated.

    Raises:
        InvalidDataset: the folder holds no pictures, or a mask is missing; and when one is read
            that is damaged.
    """
    if folder is None:
        return [partial(draw, *size) for size in SCENE_SIZES]
    if find_folder(folder, "masks"):
        return [partial(read_pair, pair) for pair in evenly_spaced(find_pairs(folder), at_most)]
    return [partial(read_photo, path) for path in evenly_spaced(pictures_in(folder), at_most)]


def pictures_in(folder: Path) -> list[Path]:
    """List the pictures of a folder or, if there is one, of its images/; there must be some."""
    pictures = find_pictures(find_folder(folder, "images") or folder)
    if not pictures:
        raise InvalidDataset(f"{folder} holds no pictures; give a folder of photos")
    return pictures


def read_pair(pair: Pair) -> Photo:
    """Read a photo with its mask."""
    image, mask = pair.read()
    return Photo(image, mask >= 128)


def read_photo(path: Path) -> Photo:
    """Read a photo."""
    return Photo(read_image(path))


def draw(height: int, width: int) -> Photo:
    """Draw somebody in a room; noise keeps the network from being too sure."""
    noise = np.random.default_rng(height * width).normal(0, NOISE, (height, width, 3))
    return Photo((scene(height, width) + noise).clip(0, 255).astype(np.uint8))
