"""Small things that several parts of the page use."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import gradio as gr

from segmenter.errors import SegmenterError

# For events that only move things about on the page: no name for programs.
GLUE = MappingProxyType({"api_visibility": "private"})
AT_ONCE = MappingProxyType({**GLUE, "queue": False, "show_progress": "hidden"})


@contextmanager
def friendly() -> Iterator[None]:
    """Show an expected error's sentence to the visitor, without a traceback in the log."""
    try:
        yield
    except SegmenterError as error:
        raise gr.Error(str(error), print_exception=False) from error


def upload(**given: Any) -> gr.Image:
    """Return a widget that gives the uploaded file's path and leaves the opening to our loader.

    Gradio's own would open the picture first, and fail without a word on what is wrong.
    """
    widget = gr.Image(type="filepath", sources=["upload", "clipboard"], buttons=[], **given)
    # Not a subclass: Gradio writes a .pyi file beside every module that holds one.
    widget.preprocess = lambda payload: payload.path if payload else None
    return widget
