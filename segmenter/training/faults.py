"""What can be wrong with one training file, told by its path and with what to do."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from segmenter.errors import InvalidDataset, first_line

# The formats that both OpenCV, which reads while training, and Pillow, which checks, decode.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
ORIENTATION_TAG, FIRST_SIDEWAYS = 0x0112, 5  # EXIF 2.32: orientations 5 to 8 swap the sides
FAULTS_SHOWN = 10


def refuse(faults: Sequence[str], of_how_many: str) -> None:
    """Raise InvalidDataset with the faults, if there are any: ten, then how many more."""
    if len(faults) == 1:
        raise InvalidDataset(faults[0])
    if faults:
        lines = [f"{len(faults)} faults in {of_how_many}:", *faults[:FAULTS_SHOWN]]
        if len(faults) > FAULTS_SHOWN:
            lines.append(f"and {len(faults) - FAULTS_SHOWN} more")
        raise InvalidDataset("\n  ".join(lines))


def fault_of_pair(image: Path, mask: Path) -> str | None:
    """Say what is wrong with a photo and its mask."""
    try:
        photo_size, _ = decode(image, values=False)
        mask_size, values = decode(mask)
    except InvalidDataset as error:
        return str(error)
    if photo_size != mask_size:
        return other_size(image, photo_size, mask, mask_size)
    return fault_of_values(mask, values)


def fault_of_picture(path: Path) -> str | None:
    """Say why a picture can't be read."""
    try:
        decode(path, values=False)
    except InvalidDataset as error:
        return str(error)
    return None


def other_size(
    image: Path, photo_size: tuple[int, int], mask: Path, mask_size: tuple[int, int]
) -> str:
    """Say that a photo's and its mask's sizes, (width, height), differ."""
    return (
        f"{mask} is {mask_size[0]}x{mask_size[1]} but its photo {image} is "
        f"{photo_size[0]}x{photo_size[1]}; make both the same size"
    )


def decode(path: Path, *, values: bool = True) -> tuple[tuple[int, int], np.ndarray]:
    """Return a picture's upright size (width, height) and its grey values, (h,w) uint8.

    Args:
        path: the picture.
        values: False when only the size matters; then the values are of a smaller picture, which
            finds a file that was cut off just as surely in a fraction of the time.

    Raises:
        InvalidDataset: it can't be read to its end.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            size = picture.size
            if not values:
                picture.draft("RGB", (1, 1))
            picture.load()
            sideways = picture.getexif().get(ORIENTATION_TAG, 1) >= FIRST_SIDEWAYS
            grey = to_grey(picture) if values else np.empty((0, 0), np.uint8)
    except UnidentifiedImageError as error:
        raise InvalidDataset(f"{path} is no picture; remove it or save it again") from error
    except Exception as error:  # decoders raise whatever their parsing trips over
        raise InvalidDataset(f"{path} is damaged ({first_line(error)}); copy it again") from error
    return (size[::-1] if sideways else size), grey


def to_grey(picture: Image.Image) -> np.ndarray:
    """Return (h,w) uint8; of 16 bits the upper 8."""
    if picture.mode.startswith("I"):
        return (np.asarray(picture) >> 8).astype(np.uint8)
    return np.asarray(picture.convert("L"))


def fault_of_values(path: Path, mask: np.ndarray) -> str | None:
    """Say what is wrong with a mask's values, which go from 0 background to 255 person."""
    if mask.max() == 0:
        return f"{path} marks nobody; draw the person, or move the photo into backgrounds"
    if mask.max() == 1:
        return f"{path} holds only values up to 1; multiply by 255"
    if mask.max() < 128:
        return (
            f"{path} marks nobody: its brightest value is {mask.max()}; export people as 255, "
            "background as 0"
        )
    if mask.min() >= 128:
        return f"{path} marks the whole photo as person; export its background as 0"
    return None
