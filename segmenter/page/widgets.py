"""Small things that several parts of the page use."""

import time
from abc import ABCMeta
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gradio as gr

from segmenter.errors import SegmenterError
from segmenter.images import open_image, save_image
from segmenter.images.kinds import is_tiff_or_heif
from segmenter.page.results import job_folder
from segmenter.page.work import VideoFile
from segmenter.stream import Progress

# For events that only move things about on the page: no name for programs.
GLUE = MappingProxyType({"api_visibility": "private"})
QUIET = MappingProxyType({**GLUE, "show_progress": "hidden"})
# Not for a `gr.State`: it tells of its change through the queue only.
AT_ONCE = MappingProxyType({**QUIET, "queue": False})
TELL_EVERY_S = 1.0
UNSEEN = frozenset([".heic", ".heif", ".tif", ".tiff"])
# What JavaScript returns to switch a button.
ON, OFF = (f"{{__type__: 'update', interactive: {is_on}}}" for is_on in ("true", "false"))


@contextmanager
def friendly() -> Iterator[None]:
    """Show an error to the visitor in a sentence; the log has the traceback of unexpected ones."""
    try:
        yield
    except SegmenterError as error:
        raise gr.Error(str(error), print_exception=False) from error
    except Exception as error:
        raise gr.Error("something went wrong here; try again, or try another file") from error


def seldom(steps: Iterator[Progress | VideoFile]) -> Iterator[Progress | VideoFile]:
    """Leave out most of a video's progress: every step costs a message to the visitor."""
    told = 0.0
    for step in steps:
        if not isinstance(step, Progress) or time.monotonic() - told >= TELL_EVERY_S:
            told = time.monotonic()
            yield step


def upload(**given: Any) -> gr.Image:
    """Return a widget that gives the uploaded file's path and leaves the opening to our loader.

    Gradio's own would open the picture first, and fail without a word on what is wrong.
    """
    return by_path(gr.Image)(type="filepath", sources=["upload", "clipboard"], buttons=[], **given)


def by_path(kind: type) -> type:
    """Return a kind of widget whose value is the uploaded file's path and nothing else."""
    return read_by(lambda _, payload: payload.path if payload else None, kind)


def show_as_jpeg(widget: gr.Image) -> None:
    """Let an upload that browsers can't show become a JPEG as soon as it is there."""
    made = gr.State()
    converted = widget.upload(as_shown, widget, made, **QUIET)
    converted.success(put_in_place, [widget, made], widget, **QUIET)
    converted.failure(without_unseen, widget, widget, **QUIET)


def as_shown(photo: str | None) -> tuple[str, str] | None:
    """Return the path of an upload that browsers can't show, and of a JPEG of it."""
    if not is_unseen(photo):
        return None
    with friendly(), job_folder() as folder:
        path = folder / f"{Path(photo).stem}.jpg"
        save_image(path, open_image(photo))
    return photo, str(path)


def put_in_place(photo: str | None, made: tuple[str, str] | None) -> Any:
    """Show the JPEG, unless the upload it was made of has been removed or replaced meanwhile."""
    return made[1] if made and photo == made[0] else gr.skip()


def without_unseen(photo: str | None) -> Any:
    """Empty a field whose upload could not be converted."""
    return None if is_unseen(photo) else gr.skip()


def is_unseen(photo: str | Path | None) -> bool:
    """Tell whether browsers can't show an upload, by its name or, where that deceives, content."""
    if not photo:
        return False
    return Path(photo).suffix.lower() in UNSEEN or is_tiff_or_heif(Path(photo))


def slider(lowest: float, highest: float, default: float, **given: Any) -> gr.Slider:
    """Return a slider that gives its default while its number field is empty.

    A number typed beyond its ends is the end, as the field itself then shows.
    """

    def preprocess(widget: gr.Slider, payload: float | None) -> float:
        if payload is None:
            return default
        return gr.Slider.preprocess(widget, min(max(payload, lowest), highest))

    return read_by(preprocess, gr.Slider)(lowest, highest, default, **given)


def read_by(preprocess: Callable[[Any, Any], Any], kind: type) -> type:
    """Return a kind of widget whose value is read in another way.

    A class and not a method put on one widget: Gradio makes a visitor's widget anew after each
    change of its look. Not by `class`: Gradio writes a .pyi file beside every module that has one.
    """
    return ABCMeta.__new__(type(kind), kind.__name__, (kind,), {"preprocess": preprocess})
