"""Masks for photos that have none, by a model that agrees with itself (and with another one).

Pseudo-labels (Lee 2013): the mean of several looks, taken only where they hardly differ.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from segmenter.arrays import Alpha, Frame, to_uint8
from segmenter.batch import progress
from segmenter.errors import InvalidDataset, UnreadableImage
from segmenter.files import make_folder
from segmenter.images import IMAGE_ENDINGS, open_image, save_image
from segmenter.inference import Segmenter
from segmenter.metrics import iou
from segmenter.refine import refine
from segmenter.targets import distinct_paths, require_kept
from segmenter.training.pictures import find_pictures, read_grey

# Long sides of the looks as shares of the model's photo size; each also mirrored.
LOOKS = (2 / 3, 1.0, 7 / 6)
# A pixel is in doubt where the looks' standard deviation is above this.
LARGEST_DEVIATION = 40 / 255
# A label is taken with hardly a pixel in doubt, or with few and another model's agreement.
LEAST_DOUBT, SOME_DOUBT, AGREEMENT = 0.02, 0.06, 0.95
# Of the photo that people cover; otherwise there is nothing to learn an outline from.
SMALLEST, LARGEST = 0.05, 0.98
# What is half sure becomes surer, so that a student does not learn the teacher's softness.
CONTRAST = 1.6

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Label:
    """One photo's mean alpha (H, W), and the share of its pixels on which the looks differ."""

    alpha: Alpha
    doubt: float


def look_often(frame: Frame, segmenter: Segmenter) -> Label:
    """Look at a photo in several sizes and mirrored, and refine the mean."""
    mirrored = np.ascontiguousarray(frame[:, ::-1])
    sizes = [round(share * segmenter.photo_size) for share in LOOKS]
    looks = [segmenter.probability(frame, size) for size in sizes]
    looks += [segmenter.probability(mirrored, size)[:, ::-1] for size in sizes]
    mean = np.mean(looks, axis=0, dtype=np.float32)
    return Label(refine(mean, frame), float((np.std(looks, axis=0) > LARGEST_DEVIATION).mean()))


def is_trusted(label: Label, other: Alpha | None) -> bool:
    """Tell whether a label is good enough to learn from.

    Args:
        label: ours.
        other: another model's alpha, of any size; None if there is none.
    """
    person = label.alpha >= 0.5
    if not SMALLEST < person.mean() < LARGEST:
        return False
    if label.doubt < LEAST_DOUBT:
        return True
    if other is None or label.doubt >= SOME_DOUBT:
        return False
    others = cv2.resize(other, person.shape[::-1], interpolation=cv2.INTER_LINEAR) >= 0.5
    return bool(iou(person, others) >= AGREEMENT)


def label_photos(
    photos: Path,
    target: Path,
    segmenter: Segmenter,
    *,
    others: Path | None = None,
    quiet: bool = True,
) -> tuple[int, int]:
    """Write photos with trusted labels into target/images and target/masks, a training source.

    Args:
        photos: a folder of pictures.
        target: the source; what is there already is written anew.
        segmenter: the model.
        others: a folder of another model's alphas, named as `matte` does, <stem>.png; photos
            without one need less doubt.
        quiet: no progress bar.

    Returns:
        How many were taken, and how many photos there are; one that can't be opened is left out.

    Raises:
        InvalidInput: the photos are the target's own, which would be overwritten.
        InvalidDataset: there is no photo, no alpha of another model, or one can't be read.
        OutputFailed: the target can't be written to.
    """
    paths = find_pictures(photos, IMAGE_ENDINGS)
    if not paths:
        raise InvalidDataset(f"{photos} holds no pictures; give a folder of photos to label")
    require_kept([photos], [target / "images"])
    if others and not find_pictures(others):
        raise InvalidDataset(f"{others} holds no pictures; give another model's alphas, STEM.png")
    make_folder(target)
    taken = 0
    # As `matte` names them: of photos that share a stem each has its own.
    names = distinct_paths([Path(f"{path.stem}.png") for path in paths], paths)
    for path, name in progress(list(zip(paths, names, strict=True)), quiet, "photo"):
        try:
            frame = open_image(path)
        except UnreadableImage as error:
            log.warning("left out: %s", error)
            continue
        label = look_often(frame, segmenter)
        if is_trusted(label, read_other(others, name)):
            write_pair(target, name.stem, frame, label.alpha)
            taken += 1
    return taken, len(paths)


def read_other(folder: Path | None, name: Path) -> Alpha | None:
    """Return the other model's alpha of a photo, if there is one of that name."""
    path = folder / name if folder else None
    if path is None or not path.exists():
        return None
    return read_grey(path).astype(np.float32) / 255


def write_pair(target: Path, stem: str, frame: Frame, alpha: Alpha) -> None:
    """Write a photo as it is seen, upright, and its mask."""
    mask = np.clip(CONTRAST * (alpha - 0.5) + 0.5, 0, 1)
    save_image(target / "images" / f"{stem}.jpg", frame)
    save_image(target / "masks" / f"{stem}.png", to_uint8(mask))
