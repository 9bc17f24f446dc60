"""HEIC, the photos of iPhones, decoded in a process of its own.

libheif ends the process that it runs in on some damaged files, and one visitor's file must not end
the page for all. Run as a program, this file is that process: PATH LARGEST_PIXELS, the answer on
its output.
"""

import io
import re
import subprocess
import sys
from pathlib import Path
from threading import Lock

LONGEST_S = 60  # 12 megapixels take less than one

_one_at_a_time = Lock()  # each takes hundreds of megabytes


class TooManyPixels(ValueError):
    """A picture that was not decoded for its size: width and height in pixels."""

    def __init__(self, width: int, height: int):
        super().__init__(f"{width}x{height}")
        self.width, self.height = width, height


def as_tiff(path: Path, largest_pixels: int) -> io.BytesIO:
    """Return a HEIC picture, upright, as an uncompressed TIFF with its colour profile.

    Raises:
        TooManyPixels: it says that it has more; nothing is decoded.
        ValueError: it is damaged; says how.
    """
    try:
        with _one_at_a_time:
            answer = subprocess.run(
                [sys.executable, __file__, str(path.absolute()), str(largest_pixels)],
                capture_output=True,
                timeout=LONGEST_S,
            )
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"it takes longer than {LONGEST_S} s to decode") from error
    if answer.returncode < 0:
        raise ValueError("its parts do not fit together")
    if answer.returncode:
        said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ValueError(said[-1].rstrip(".") if said else "it can't be decoded")
    if size := re.fullmatch(rb"(\d+)x(\d+)", answer.stdout):
        raise TooManyPixels(int(size[1]), int(size[2]))
    return io.BytesIO(answer.stdout)


def main(path: str, largest_pixels: int) -> None:
    """Write the picture as a TIFF, or only its size if it has more pixels, to the output."""
    from pi_heif import register_heif_opener
    from PIL import Image

    register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # checked here
    tiff = io.BytesIO()
    try:
        with Image.open(path, formats=("HEIF",)) as image:
            if image.width * image.height > largest_pixels:
                tiff.write(b"%dx%d" % image.size)
            else:
                straight = image.convert("RGBA") if image.mode == "RGBa" else image
                straight.save(tiff, "TIFF")
    except Exception as error:  # the decoder raises whatever its parsing trips over
        sys.exit((str(error).splitlines() or [type(error).__name__])[0])
    sys.stdout.buffer.write(tiff.getbuffer())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
