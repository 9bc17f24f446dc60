"""What a visitor may ask: a background and options, by words, never by a path on the server."""

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from PIL import Image

from segmenter.arrays import Frame
from segmenter.background import Background, Picture
from segmenter.background.fit import require_fit
from segmenter.errors import InvalidInput
from segmenter.images import IMAGE_ENDINGS, open_image
from segmenter.pipeline import ReplaceOptions, read_background, read_point
from segmenter.refine import RefineOptions
from segmenter.resample import shrink
from segmenter.strokes import Stroke
from segmenter.video import VIDEO_ENDINGS

DATA_URL = "data:image/jpeg;base64,"
LIVE_PICTURE_SIDE = 1280  # pixels, of an uploaded background that goes to the live tab
LARGEST_BLUR_PX = 100
DELETE_EVERY_S, DELETE_AFTER_S = 5 * 60, 25 * 60  # visitors' files
KEPT_MINUTES = (DELETE_AFTER_S + DELETE_EVERY_S) // 60
# To open a picture may take 1 GB, and live settings, which hold one, don't wait in the queue.
_one_picture_at_a_time = Lock()
DELETED = f"Your file was deleted after {KEPT_MINUTES} minutes; add it again."


@dataclass(frozen=True, kw_only=True)
class AskedOptions:
    """What a visitor asks of people and edges, under the names of a live settings message.

    A message may hold any JSON, so nothing is checked yet: `make_options` does that.
    """

    people: Any = "everyone"
    at: Any = ""  # `X,Y`, with people `clicked`
    edge_strength: Any = 1.0
    feather_px: Any = 0.0
    shift_px: Any = 0.0
    smoothing: Any = True  # False for every frame on its own

    @classmethod
    def from_message(cls, options: Mapping[str, Any]) -> "AskedOptions":
        """Take the options that a message names; what is missing keeps its default."""
        known = [field.name for field in fields(cls)]
        return cls(**{name: options[name] for name in known if name in options})


@dataclass(frozen=True)
class Choice:
    """One visitor's settings as the page and the live socket write them down."""

    background: str  # a preset's name, `#rrggbb`, `blur`, `blur:RADIUS`, `transparent`, a data URL
    fit: str = "cover"
    options: AskedOptions = AskedOptions()
    upload: Path | None = None  # a background of the visitor's own, instead of `background`

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> "Choice":
        """Read a live settings message; an upload can only come inside it, as a data URL.

        Raises:
            InvalidInput: a part has the wrong type.
        """
        background = message.get("background", "transparent")
        fit, options = message.get("fit", "cover"), message.get("options", {})
        if not isinstance(background, str) or not isinstance(options, dict):
            raise InvalidInput("the settings need a background (text) and options (an object)")
        return cls(background, str(fit), AskedOptions.from_message(options))

    def to_message(self) -> dict:
        """Return what the live tab's browser half sends; it puts an upload in, which it has."""
        message = {"fit": self.fit, "options": asdict(self.options)}
        return message if self.upload else message | {"background": self.background}


def list_presets(folder: Path) -> dict[str, Path]:
    """Return the pictures and clips of a folder by name, in order; none when it is not there."""
    endings = IMAGE_ENDINGS | VIDEO_ENDINGS
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.stem: path for path in paths if path.suffix.lower() in endings}


def make_background(choice: Choice, presets: Mapping[str, Path]) -> Background:
    """Make the background that a visitor chose.

    Raises:
        InvalidInput: the words name none of the presets and follow no rule,
            or the upload was deleted.
        UnreadableImage, UnreadableVideo: the upload can't be opened.
    """
    text = choice.background.strip()
    require_fit(choice.fit)
    if choice.upload is not None:
        return open_upload(require_there(choice.upload), choice.fit)
    if text.startswith("data:"):
        return Picture(open_data_url(text), choice.fit)
    if text in presets:
        return read_background(str(presets[text]), choice.fit)
    if is_wordy(text):
        return read_background(text)
    names = ", ".join(presets) or "none here"
    raise InvalidInput(
        f"no background {text[:40]!r}; choose #rrggbb, blur, blur:1 to blur:{LARGEST_BLUR_PX}, "
        f"transparent, or a preset ({names})"
    )


def require_there(upload: Path) -> Path:
    """Return an upload that is still there.

    Raises:
        InvalidInput: it was deleted, as all are after a while.
    """
    if not upload.exists():
        raise InvalidInput(DELETED)
    return upload


def is_clip(upload: Path | None) -> bool:
    """Tell whether an upload is a clip."""
    return upload is not None and upload.suffix.lower() in VIDEO_ENDINGS


def open_upload(path: Path, fit: str) -> Background:
    """Open a picture or a clip, over and over, as a background.

    Raises:
        UnreadableImage, UnreadableVideo: it can't be opened.
    """
    return read_background(str(path), fit) if is_clip(path) else Picture(open_image(path), fit)


def is_wordy(text: str) -> bool:
    """Tell whether the text is a background that needs no file."""
    blur, _, radius = text.partition(":")
    if blur == "blur":
        is_short = radius.isdecimal() and len(radius) <= 3
        return not radius or (is_short and int(radius) <= LARGEST_BLUR_PX)
    return text == "transparent" or text.startswith("#")


def make_options(asked: AskedOptions) -> ReplaceOptions:
    """Make options of what a visitor asked.

    Raises:
        InvalidInput: a value is out of range or of the wrong type.
    """
    return ReplaceOptions(
        people=str(asked.people),
        point=read_point(str(asked.at)),
        refine=RefineOptions(
            edge_strength=as_number("edge_strength", asked.edge_strength),
            feather_px=as_number("feather_px", asked.feather_px),
            shift_px=as_number("shift_px", asked.shift_px),
        ),
        smoothing=asked.smoothing is not False,
    )


def read_strokes(given: Any) -> tuple[Stroke, ...]:
    """Read strokes from a list of objects with `points`, `width` and `keeps`.

    Raises:
        InvalidInput: they are no such list, or can't be drawn.
    """
    try:
        return tuple(
            Stroke(
                tuple((float(x), float(y)) for x, y in stroke["points"]),
                float(stroke["width"]),
                stroke["keeps"] is True,
            )
            for stroke in given
        )
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise InvalidInput(
            "strokes are a list of objects with points (pairs of shares), width and keeps"
        ) from error


def as_number(name: str, value: Any) -> float:
    """Return an option's value as a float.

    Raises:
        InvalidInput: it is no finite number.
    """
    try:
        number = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"{name} is a number, got {str(value)[:40]}")
    return number


def as_data_url(path: Path) -> str:
    """Return a picture as a JPEG data URL, no longer than `LIVE_PICTURE_SIDE` on its long side."""
    encoded = BytesIO()
    with _one_picture_at_a_time:
        picture = shrink(open_image(path), LIVE_PICTURE_SIDE)
    Image.fromarray(picture).save(encoded, "JPEG", quality=88)
    return DATA_URL + base64.b64encode(encoded.getvalue()).decode("ascii")


def open_data_url(text: str) -> Frame:
    """Open a JPEG data URL with all the checks that a file gets.

    Raises:
        InvalidInput: no JPEG data URL.
        UnreadableImage: its content is damaged or too large.
    """
    try:
        content = base64.b64decode(text.removeprefix(DATA_URL), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"an uploaded background begins with {DATA_URL}") from error
    with TemporaryDirectory() as folder:
        path = Path(folder) / "background.jpg"
        path.write_bytes(content)
        with _one_picture_at_a_time:
            return shrink(open_image(path), LIVE_PICTURE_SIDE)
