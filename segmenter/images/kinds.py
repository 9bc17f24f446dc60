"""Which kind of picture a file holds, and what is wrong with one that does not open."""

import os
from importlib.util import find_spec
from pathlib import Path

from PIL import UnidentifiedImageError, features

from segmenter.errors import MissingExtra, UnreadableImage, first_line

# A closed list: Pillow also opens PostScript (by running Ghostscript), icons, and scientific data.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
HEIF = ("HEIF",)  # not by Pillow here
KINDS = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF"
RAW_ENDINGS = frozenset([".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef"])
TIFF = (b"II*\0", b"MM\0*")
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", *TIFF)
AVIF_BRANDS = frozenset((b"avif", b"avis"))
HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))


def read_header(path: Path) -> bytes:
    """Return the first 64 bytes of a file that is there and not empty.

    Raises:
        UnreadableImage: it is not, can't be read, or is a camera's raw file.
    """
    if os.path.isdir(path):  # unlike `path.is_dir`, content with any name
        raise UnreadableImage(f"{path} is a folder; give a picture in it")
    if path.suffix.lower() in RAW_ENDINGS:
        # Most are TIFF inside, of which Pillow would show the thumbnail.
        raise UnreadableImage(f"{path.name} is a camera's raw file; export it as JPEG or TIFF")
    try:
        with path.open("rb") as file:
            header = file.read(64)
    except FileNotFoundError as error:
        raise UnreadableImage(f"{path} does not exist; check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableImage(f"can't read {path}: {reason}") from error
    if not header:
        raise UnreadableImage(f"{path.name} is empty (0 bytes); copy or download it again")
    return header


def formats_for(path: Path, header: bytes) -> tuple[str, ...]:
    """Return Pillow's names of the formats to try, or `HEIF`.

    Raises:
        UnreadableImage: it is a video.
        MissingExtra: what decodes it is not installed.
    """
    is_matroska, is_avi = header[:4] == b"\x1aE\xdf\xa3", header[8:12] == b"AVI "
    if header[4:8] != b"ftyp" and not is_matroska and not is_avi:
        return FORMATS
    brands = brands_of(header)
    if brands & AVIF_BRANDS:
        if not features.check("avif"):
            raise MissingExtra(f"{path.name} is an AVIF picture: pip install --upgrade pillow")
        return ("AVIF",)
    if brands & HEIF_BRANDS:
        if find_spec("pi_heif") is None:
            raise MissingExtra(f"{path.name} is a HEIC picture: pip install pi-heif")
        return HEIF
    raise UnreadableImage(f"{path.name} looks like a video; name it with an ending such as .mp4")


def brands_of(header: bytes) -> set[bytes]:
    """Return what a file that begins with `ftyp`, as MP4, HEIC and AVIF do, says that it is."""
    length = min(int.from_bytes(header[:4], "big"), len(header))
    return {header[8:12], *(header[at : at + 4] for at in range(16, length, 4))}


def is_tiff_or_heif(path: Path) -> bool:
    """Tell whether a file holds what most browsers can't show, whatever its name."""
    try:
        header = read_header(path)
    except UnreadableImage:
        return False
    brands = brands_of(header) if header[4:8] == b"ftyp" else set()
    is_heif = bool(brands & HEIF_BRANDS) and not brands & AVIF_BRANDS
    return is_heif or header.startswith(TIFF)


def what_is_wrong(path: Path, header: bytes, error: Exception) -> str:
    """Say in one sentence why a file did not open."""
    is_unknown = isinstance(error, UnidentifiedImageError)
    reason = "its header makes no sense" if is_unknown else first_line(error)
    if "truncated" in reason.lower() or isinstance(error, EOFError):
        return f"{path.name} is cut off: its end is missing; copy or download it again"
    if header.startswith(SIGNATURES) or header[4:8] == b"ftyp":
        return f"{path.name} is damaged or cut off ({reason}); copy or download it again"
    return f"{path.name} is not a picture that can be read; give {KINDS}"
