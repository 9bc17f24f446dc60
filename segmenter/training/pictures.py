"""Pictures on disk for training: folders of them, and their pixels."""

from pathlib import Path

import cv2
import numpy as np

from segmenter.errors import InvalidDataset
from segmenter.training.faults import opencv_reads

PICTURE_ENDINGS = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff")
)


def read_image(path: Path) -> np.ndarray:
    """Read a training picture, upright, as (H,W,3) uint8 RGB; InvalidDataset when it is none."""
    image = opencv_reads(path, cv2.IMREAD_COLOR)
    if image is None:
        raise InvalidDataset(
            f"{path} can't be read as a picture; remove it or save it again as JPEG"
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_grey(path: Path) -> np.ndarray:
    """Read a mask or an alpha as (H,W) uint8; InvalidDataset when it can't be read."""
    grey = opencv_reads(path, cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise InvalidDataset(f"{path} can't be read; export it again as 8-bit grey PNG")
    return grey


def find_folder(parent: Path, name: str) -> Path | None:
    """Return the folder in `parent` of that name in any case of letters, None if there is none.

    Raises:
        InvalidDataset: `parent` can't be listed, or holds several, such as images and Images.
    """
    found = [path for path in entries(parent) if path.name.lower() == name and path.is_dir()]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise InvalidDataset(f"{parent} holds {names}; move the files into one of them")
    return found[0] if found else None


def find_pictures(folder: Path, endings: frozenset[str] = PICTURE_ENDINGS) -> list[Path]:
    """List the pictures of a folder in name order, without hidden files.

    `endings` are those that OpenCV reads; `open_image` takes all of `IMAGE_ENDINGS`.
    """
    return [path for path in entries(folder) if path.suffix.lower() in endings]


def entries(folder: Path) -> list[Path]:
    """List a folder in name order, without hidden files; InvalidDataset when it can't be."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidDataset(f"can't list {folder}: {reason}; give a folder of data") from error


def printable(name: str) -> str:
    """Return a file's name as text; on some disks names are bytes that need not be any."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
