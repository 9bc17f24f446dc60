"""What can be wrong with one training file, told by its path and with what to do."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from segmenter.errors import InvalidDataset, first_line

# The formats that both OpenCV, which reads while training, and Pillow, which checks, decode.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
ORIENTATION_TAG, FIRST_SIDEWAYS = 0x0112, 5  # EXIF 2.32: orientations 5 to 8 swap the sides
FAULTS_SHOWN = 10
BRIGHT = 250  # what a mask calls a person is at least that; JPEG changes 255 a little
COLOURLESS = 32  # of 255, by which JPEG makes the channels of grey differ at most


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
        InvalidDataset: it can't be read to its end, or there is more to its values than grey.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            size = picture.size
            if not values:
                picture.draft("RGB", (1, 1))
            picture.load()
            sideways = picture.getexif().get(ORIENTATION_TAG, 1) >= FIRST_SIDEWAYS
            kind = picture.format
            grey = grey_values(path, picture) if values else np.empty((0, 0), np.uint8)
        if values and not grey.any():
            require_no_small_numbers(path)
    except InvalidDataset:
        raise
    except UnidentifiedImageError as error:
        raise InvalidDataset(f"{path} is no picture; remove it or save it again") from error
    except Exception as error:  # decoders raise whatever their parsing trips over
        raise InvalidDataset(f"{path} is damaged ({first_line(error)}); copy it again") from error
    # Of TIFF's many kinds OpenCV knows fewer than Pillow: no floats, no ZSTD, none on its side.
    if kind == "TIFF" and opencv_reads(path, cv2.IMREAD_COLOR) is None:
        raise InvalidDataset(f"{path} is of a kind of TIFF that can't be used; save it as PNG")
    return (size[::-1] if sideways else size), grey


def opencv_reads(path: Path, flags: int) -> np.ndarray | None:
    """Return what `cv2.imread` says of a picture, None when it can't read it."""
    if not has_surrogates(str(path)):
        return cv2.imread(str(path), flags)
    # On some disks names need not be text. Such ones OpenCV refuses, or crashes at.
    try:
        return cv2.imdecode(np.fromfile(path, np.uint8), flags)
    except (OSError, cv2.error):  # the latter for an empty file
        return None


def has_surrogates(name: str) -> bool:
    """Tell whether bytes that are no text stand in a name."""
    return any("\ud800" <= sign <= "\udfff" for sign in name)


def require_no_small_numbers(path: Path) -> None:
    """Raise InvalidDataset when 16 bits a channel hold what 8 would: their upper 8 are all zero."""
    stored = opencv_reads(path, cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype not in (np.uint16, np.int32):
        return
    colours = stored[..., :3] if stored.ndim == 3 else stored  # a fourth is transparency
    if colours.any():
        raise InvalidDataset(
            f"{path} has 16 bits but only values up to {colours.max()}; save it with 8 bits"
        )


def grey_values(path: Path, picture: Image.Image) -> np.ndarray:
    """Return (h,w) uint8; of 16 bits the upper 8.

    Raises:
        InvalidDataset: a part of what the mask at `path` says would be lost.
    """
    if picture.mode.startswith("I"):
        return (np.asarray(picture) >> 8).astype(np.uint8)
    if picture.has_transparency_data:
        alpha = np.asarray(picture.convert("RGBA"))[..., 3]
        bright = np.asarray(picture.convert("L")) >= 128
        if np.ptp(alpha) and ((alpha >= 128) != bright).any():
            raise InvalidDataset(
                f"{path} is transparent in parts, which is not looked at; save it in grey alone, "
                "people as 255, background as 0"
            )
    if picture.mode not in ("1", "L", "LA"):
        colours = np.asarray(picture.convert("RGB"))
        if np.ptp(colours, axis=2).max() > COLOURLESS:
            raise InvalidDataset(
                f"{path} has colours; save it in grey, people as 255, background as 0"
            )
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
    if is_dim(mask):
        return f"{path} marks people with {mask.max()}; export them as 255"
    return None


def is_dim(mask: np.ndarray) -> bool:
    """Tell whether a hard mask (two values at most) marks people with less than white.

    Read as an alpha it would make them half transparent.
    """
    return mask.max() < BRIGHT and len(np.unique(mask)) <= 2
