"""Opening and saving still pictures."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from segmenter.arrays import Cutout, Frame
from segmenter.errors import InvalidInput, OutputFailed, UnreadableImage
from segmenter.files import finished
from segmenter.heif import TooManyPixels, as_tiff
from segmenter.image_kinds import HEIF, formats_for, read_header, what_is_wrong
from segmenter.srgb import over_white

LARGEST_PIXELS = 50_000_000
IMAGE_ENDINGS = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic",
    ".heif", ".avif",
))  # fmt: skip
SAVED_AS = MappingProxyType({".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"})
ANIMATED = frozenset(("GIF", "PNG", "WEBP", "AVIF"))  # some of them
MODES = (
    "1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr",
    "I;16", "I;16L", "I;16B", "I;16N",
)  # fmt: skip
LARGEST_SIDE = MappingProxyType({"PNG": 2**31 - 1, "JPEG": 65_500, "WEBP": 16_383})

# EXIF 2.32, tag 0x0112: what turns the stored rows and columns upright.
ORIENTATION_TAG = 0x0112
UPRIGHT = MappingProxyType({
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
})  # fmt: skip

_filters_lock = Lock()
log = logging.getLogger(__name__)


def open_image(path: Path | str) -> Frame:
    """Open a picture as a viewer shows it: upright, in sRGB, transparent parts over white.

    The content decides the format, not the ending. Of an animation the first frame is taken;
    16 bits a channel are scaled to 8. White under transparency is what browsers and printers
    show; the colours stored beneath it are arbitrary, often leftovers of what was cut away.

    Returns:
        (H, W, 3) uint8 RGB, contiguous and writable, of at most `LARGEST_PIXELS` pixels.

    Raises:
        UnreadableImage: there is no such picture, or it is damaged or too large.
        MissingExtra: a HEIC or AVIF picture, and what decodes it is not installed.
    """
    path = Path(path)
    header = read_header(path)
    formats = formats_for(path, header)
    try:
        with _opened(path, formats) as image:
            _require_fit(path, image)
            if _is_animated(image):
                log.warning("%s is an animation; of it the first picture is taken", path.name)
            image.load()
            turn = UPRIGHT.get(_orientation(image))
            picture = over_white(image)
    except (UnreadableImage, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever their parsing trips over
        raise UnreadableImage(what_is_wrong(path, header, error)) from error
    return np.array(picture if turn is None else picture.transpose(turn))


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


@contextmanager
def _opened(path: Path, formats: tuple[str, ...]) -> Iterator[ImageFile.ImageFile]:
    """Read a picture's header with Pillow; its pixels wait for `load`."""
    try:
        if formats == HEIF:
            source, formats = as_tiff(path, LARGEST_PIXELS), ("TIFF",)
        else:
            source = path
        with _quiet():
            image = Image.open(source, formats=formats)
    except TooManyPixels as error:
        raise UnreadableImage(
            _too_large(path, error.width * error.height, f" ({error})")
        ) from error
    except Image.DecompressionBombError as error:
        pixels = next((int(word[1:]) for word in str(error).split() if word[1:].isdigit()), None)
        raise UnreadableImage(_too_large(path, pixels)) from error
    with image:
        yield image


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Pillow's remarks on odd headers: what matters is checked and told by ourselves."""
    # The filters belong to the whole process, so two threads may not change them at once.
    with _filters_lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def _require_fit(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if width * height > LARGEST_PIXELS:
        raise UnreadableImage(_too_large(path, width * height, f" ({width}x{height})"))
    if image.mode not in MODES:
        raise UnreadableImage(
            f"{path.name} holds {image.mode!r} pixels, such as 32-bit numbers; "
            "save it as RGB with 8 or 16 bits a channel"
        )


def _too_large(path: Path, pixels: int | None, size: str = "") -> str:
    many = "too many" if pixels is None else f"{pixels / 1e6:,.1f}"
    limit = LARGEST_PIXELS // 1_000_000
    return f"{path.name} has {many} megapixels{size}; the limit is {limit}, make it smaller first"


def _is_animated(image: Image.Image) -> bool:
    """Tell whether more pictures follow; a phone's JPEG may hold others of the same."""
    try:
        return image.format in ANIMATED and image.is_animated
    except Exception:  # what follows may be broken
        return False


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1, upright, when there is none or it can't be read."""
    try:
        with _quiet():
            return int(image.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # a broken EXIF block is no reason to refuse a picture that decodes
        return 1
