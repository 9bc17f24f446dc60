"""A small data set from the project's example pictures, to try the training side without data."""

import shutil
from pathlib import Path

from segmenter.errors import OutputFailed
from segmenter.inference import Segmenter
from segmenter.mattes import matte_all
from segmenter.training.pictures import find_pictures

EXAMPLES = Path(__file__).parents[2] / "examples"


def make_demo(folder: Path, segmenter: Segmenter) -> Path:
    """Write portraits/images, portraits/masks and backgrounds/ into `folder`, and return it.

    The masks are what `segmenter` answers, not the truth: a network trained on them can at best
    learn to answer alike, and its scores on them say how alike.

    Raises:
        OutputFailed: the folder can't be written to.
    """
    portraits = folder / "portraits"
    try:
        copy_pictures(EXAMPLES / "portraits", portraits / "images")
        copy_pictures(EXAMPLES / "backgrounds", folder / "backgrounds")
    except OSError as error:
        raise OutputFailed(
            f"can't write into {folder}: {error.strerror}; choose another"
        ) from error
    report = matte_all(portraits / "images", portraits / "masks", segmenter, quiet=True)
    if report.failures:
        raise OutputFailed(f"can't mark the people in {folder}: {report.failures[0].error}")
    return folder


def copy_pictures(source: Path, target: Path) -> None:
    """Copy the pictures of one folder into another."""
    target.mkdir(parents=True, exist_ok=True)
    for picture in find_pictures(source):
        shutil.copy2(picture, target / picture.name)
