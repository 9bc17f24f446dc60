"""Opening still pictures as a viewer shows them."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageFile

from segmenter.arrays import Frame
from segmenter.errors import UnreadableImage
from segmenter.images.heif import TooManyPixels, as_tiff
from segmenter.images.kinds import HEIF, formats_for, read_header, what_is_wrong
from segmenter.images.srgb import over_white, scale_key

LARGEST_PIXELS = 50_000_000
IMAGE_ENDINGS = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic",
    ".heif", ".avif",
))  # fmt: skip
ANIMATED = frozenset(("GIF", "PNG", "WEBP", "AVIF"))  # some of them
MODES = (
    "1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr",
    "I;16", "I;16L", "I;16B", "I;16N",
)  # fmt: skip

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
            scale_key(image)
            image.load()
            turn = UPRIGHT.get(_orientation(image))
            picture = over_white(image)
    except (UnreadableImage, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever their parsing trips over
        raise UnreadableImage(what_is_wrong(path, header, error)) from error
    return np.array(picture if turn is None else picture.transpose(turn))


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
