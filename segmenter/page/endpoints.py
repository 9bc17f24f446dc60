"""The page for programs: two stable names, whose arguments do not follow the page's layout."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from segmenter.images import IMAGE_ENDINGS
from segmenter.page.choice import FITS, Choice
from segmenter.page.widgets import friendly
from segmenter.page.work import FORMATS, Desk
from segmenter.people import CHOICES


def replace_image_by_name(desk: Desk, photo: str, *words: Any) -> str:
    """Replace a photo's background; the answer is a PNG at the photo's own size."""
    with friendly():
        return str(desk.photo(Path(photo), choice_of_words(*words)).download)


def replace_video_by_name(desk: Desk, video: str, kind: str, *words: Any) -> str:
    """Replace a video's background; the answer is the finished file."""
    with friendly():
        *_, finished = desk.video(Path(video), choice_of_words(*words), kind)
    return str(finished)


def choice_of_words(background: str, upload: str | None, fit: str, *options: Any) -> Choice:
    """Turn the API's arguments into a choice."""
    names = ("people", "edge_strength", "feather_px", "shift_px")
    return Choice(
        background, fit, dict(zip(names, options, strict=True)), Path(upload) if upload else None
    )


def build_endpoints(desk: Desk) -> None:
    """Give programs two stable names, with arguments that do not follow the page's layout."""
    pictures = sorted(IMAGE_ENDINGS)
    photo = gr.File(label="photo", visible=False, type="filepath", file_types=pictures)
    video = gr.File(label="video", visible=False, type="filepath")
    kind = gr.Radio(["Automatic", *FORMATS], value="Automatic", label="kind", visible=False)
    words = [
        gr.Textbox("transparent", label="background", visible=False),
        gr.File(label="background_picture", visible=False, type="filepath", file_types=pictures),
        gr.Radio(FITS, value="cover", label="fit", visible=False),
        gr.Radio(CHOICES, value="everyone", label="people", visible=False),
        gr.Slider(0, 1, 1, label="edge_strength", visible=False),
        gr.Slider(0, 50, 0, label="feather_px", visible=False),
        gr.Slider(-50, 50, 0, label="shift_px", visible=False),
    ]
    done, trigger = gr.File(visible=False), gr.Button(visible=False)
    trigger.click(
        partial(replace_image_by_name, desk),
        [photo, *words],
        done,
        api_name="replace_image",
        concurrency_id="photo",
        concurrency_limit=2,
    )
    trigger.click(
        partial(replace_video_by_name, desk),
        [video, kind, *words],
        done,
        api_name="replace_video",
        concurrency_id="video",
    )
