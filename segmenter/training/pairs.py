"""Photos with masks on disk: finding them, checking them before a run, and splitting them.

A source is a folder that holds `Images/` and `Masks/`, in any case of letters. A mask has its
photo's stem, in any case, and any of `PICTURE_ENDINGS`. A mask without a photo is left alone:
photos are often sorted out by hand and their masks forgotten, which harms nobody.
"""

import hashlib
import logging
import warnings
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segmenter.device import count_threads
from segmenter.errors import InvalidDataset, InvalidInput
from segmenter.images import IMAGE_ENDINGS
from segmenter.training.faults import (
    fault_of_pair,
    fault_of_picture,
    other_size,
    refuse,
)
from segmenter.training.pictures import (
    PICTURE_ENDINGS,
    entries,
    find_folder,
    find_pictures,
    read_grey,
    read_image,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pair:
    """A photo and its mask."""

    image: Path
    mask: Path

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (H,W,3) uint8 RGB and (H,W) uint8, 0 background to 255 person.

        Raises:
            InvalidDataset: one can't be read, or their sizes differ.
        """
        image, mask = read_image(self.image), self.read_mask()
        require_same_size(self, image, mask)
        return image, mask

    def read_mask(self) -> np.ndarray:
        """Return (H,W) uint8, 0 background to 255 person; InvalidDataset when it can't be read."""
        return read_grey(self.mask)


def require_same_size(pair: Pair, image: np.ndarray, mask: np.ndarray) -> None:
    """Raise InvalidDataset unless a photo and its mask are of one size."""
    if mask.shape != image.shape[:2]:
        raise InvalidDataset(
            other_size(pair.image, image.shape[1::-1], pair.mask, mask.shape[::-1])
        )


def find_pairs(source: Path) -> list[Pair]:
    """Match the photos of a source with its masks, in name order.

    Raises:
        InvalidDataset: a folder is missing or empty, a photo has no mask, or several files
            share a stem, so that which belong together can't be told.
    """
    images, masks = find_folder(source, "images"), find_folder(source, "masks")
    if images is None or masks is None:
        missing = "images" if images is None else "masks"
        raise InvalidDataset(
            f"{source} has no folder {missing}; put photos into {source / 'images'} and their "
            f"masks, of the same names, into {source / 'masks'}"
        )
    tell_left_out(images)
    photos_of, masks_of = by_stem(images), by_stem(masks)
    if not photos_of:
        raise InvalidDataset(f"{images} holds no pictures; put photos there, masks into {masks}")
    refuse(
        [
            fault
            for stem, photos in photos_of.items()
            if (fault := fault_of_names(photos, masks_of[stem], masks))
        ],
        f"{len(photos_of)} photos of {images}",
    )
    return [Pair(photos[0], masks_of[stem][0]) for stem, photos in photos_of.items()]


def find_cast(folder: Path) -> tuple[list[Pair], list[Path]]:
    """Return the cut-outs and the backgrounds of a training folder, for made pictures.

    Raises:
        InvalidDataset: cutouts/images, cutouts/masks or backgrounds/ is missing or empty.
    """
    cutouts, backgrounds = find_folder(folder, "cutouts"), find_folder(folder, "backgrounds")
    if not (cutouts and backgrounds):
        raise InvalidDataset(
            f"{folder} needs cutouts/images, cutouts/masks and backgrounds, for composites; it has "
            f"no {'backgrounds' if cutouts else 'cutouts'}"
        )
    pictures = find_pictures(backgrounds)
    if not pictures:
        raise InvalidDataset(f"{backgrounds} holds no picture; put some without people there")
    return find_pairs(cutouts), pictures


def tell_left_out(folder: Path) -> None:
    """Name photos that OpenCV can't read, such as an iPhone's."""
    left_out = [
        path.name
        for path in entries(folder)
        if path.suffix.lower() in IMAGE_ENDINGS - PICTURE_ENDINGS
    ]
    if left_out:
        log.warning(
            "left out of %s: %d photos such as %s, whose format can't be used; save them as JPEG",
            folder,
            len(left_out),
            left_out[0],
        )


def by_stem(folder: Path) -> dict[str, list[Path]]:
    """Group a folder's pictures by their stems in small letters."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in find_pictures(folder):
        groups[path.stem.lower()].append(path)
    return groups


def fault_of_names(photos: list[Path], masks: list[Path], folder: Path) -> str | None:
    """Say why one photo and one mask can't be told from these, all of one stem."""
    if len(photos) > 1:
        return f"{photos[0]} and {photos[1].name} share a stem; rename one, with its mask"
    if not masks:
        wanted = folder / f"{photos[0].stem}.png"
        return f"{photos[0]} has no mask; add {wanted} or remove the photo"
    if len(masks) > 1:
        return f"{masks[0]} and {masks[1].name} belong to one photo; remove one of these masks"
    return None


def check_pairs(pairs: Sequence[Pair], backgrounds: Sequence[Path] = ()) -> None:
    """Look into every file before a run, which would otherwise fail in its third hour.

    Args:
        pairs: photos with masks.
        backgrounds: pictures without masks.

    Raises:
        InvalidDataset: the bad ones, each with its path and what to do; ten, then how many more.
    """
    # Pillow warns of odd headers, which do no harm here; the filters are the whole process's.
    with warnings.catch_warnings(), ThreadPoolExecutor(count_threads()) as pool:
        warnings.simplefilter("ignore")
        answers = [
            *pool.map(lambda pair: fault_of_pair(pair.image, pair.mask), pairs),
            *pool.map(fault_of_picture, backgrounds),
        ]
    refuse([fault for fault in answers if fault], f"{len(answers)} photos and backgrounds")


def evenly_spaced(items: Sequence, count: int) -> list:
    """Choose up to `count` items at even distances, from the first to the last."""
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[place] for place in places]


def split(pairs: Sequence[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Divide into training and validation pairs, by the photos' names.

    A photo's name and the seed decide alone where it goes: the order of the files does not
    matter, and photos added later leave the others where they are. Of two pairs or more each
    part gets one.

    Args:
        pairs: of one source, where no two have the same stem.
        share: of the validation pairs, 0 (none) to below 1.
        seed: another seed, another split.
    """
    if not 0 <= share < 1:
        raise InvalidInput(f"the validation share is {share}; choose one from 0 to below 1")
    if share == 0 or len(pairs) < 2:
        return list(pairs), []
    place = {pair: place_of(pair.image.stem, seed) for pair in pairs}
    border = min(max(int(share * 2**64), min(place.values())), max(place.values()) - 1)
    return (
        [pair for pair in pairs if place[pair] > border],
        [pair for pair in pairs if place[pair] <= border],
    )


def place_of(stem: str, seed: int) -> int:
    """Return a number from 0 to 2**64, as if drawn at random, that name and seed alone decide."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{stem.lower()}".encode()).digest()[:8], "big")
