"""Saving still pictures: whole or not at all."""

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segmenter.arrays import Cutout, Frame
from segmenter.errors import InvalidInput, OutputFailed
from segmenter.files import finished

SAVED_AS = MappingProxyType({".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"})
LARGEST_SIDE = MappingProxyType({"PNG": 2**31 - 1, "JPEG": 65_500, "WEBP": 16_383})


def save_image(path: Path | str, picture: Frame | Cutout | NDArray[np.uint8]) -> None:
    """Save a picture whole or not at all, in the format of the path's ending, with no metadata.

    Args:
        path: ends in `.png`, `.jpg`, `.jpeg` or `.webp`.
        picture: (H, W, 3) RGB, (H, W, 4) RGB with straight alpha (not in JPEG), or (H, W) grey;
            uint8. PNG keeps every value, and so does WebP for cut-outs (with the colours under
            full transparency) and for grey; JPEG, and WebP for RGB, lose a little (quality 92).

    Raises:
        InvalidInput: an ending or an array that can't be saved.
        OutputFailed: the file could not be written.
    """
    path = Path(path)
    kind = require_saved_as(path, getattr(picture, "shape", ())[2:] == (4,))
    _require_picture(path, picture, kind)
    try:
        with finished(path) as part:
            Image.fromarray(np.ascontiguousarray(picture)).save(part, kind, **_how(kind, picture))
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputFailed(
            f"can't write {path}: {reason}; check the folder and its free space"
        ) from error


def require_saved_as(path: Path, alpha: bool) -> str:
    """Return Pillow's name of an ending's format, or raise InvalidInput if none can hold it."""
    kind = SAVED_AS.get(path.suffix.lower())
    if kind is None:
        raise InvalidInput(
            f"can't save a picture as {path.name!r}; choose an ending among {', '.join(SAVED_AS)}"
        )
    if kind == "JPEG" and alpha:
        raise InvalidInput(
            f"{path.name}: JPEG can't hold transparency; choose .png or .webp, or a background"
        )
    return kind


def _how(kind: str, picture: NDArray[np.uint8]) -> dict[str, Any]:
    """Return Pillow's options for a format."""
    if kind == "PNG":
        return {"compress_level": 1}  # level 6 takes several times as long to save a few per cent
    if kind == "JPEG":
        # Halved colour resolution would bleed a new background's colour into the person's edge.
        return {"quality": 92, "subsampling": "4:4:4"}
    if picture.shape[2:] == (3,):
        return {"quality": 92, "method": 2}
    # In lossless WebP `quality` is effort. `exact` keeps the colours under full transparency.
    return {"lossless": True, "exact": True, "quality": 20, "method": 1}


def _require_picture(path: Path, picture: Any, kind: str) -> None:
    shape = getattr(picture, "shape", ())
    if (
        getattr(picture, "dtype", None) != np.uint8
        or 0 in shape
        or not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4)))
    ):
        got = f"{shape} {getattr(picture, 'dtype', type(picture).__name__)}"
        raise InvalidInput(f"expected (H, W), (H, W, 3) or (H, W, 4) uint8 to save, got {got}")
    if max(shape[:2]) > LARGEST_SIDE[kind]:
        raise InvalidInput(
            f"{path.name}: {kind} holds at most {LARGEST_SIDE[kind]} pixels a side and this has "
            f"{shape[1]}x{shape[0]}; choose .png"
        )
