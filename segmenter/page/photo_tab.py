"""The photo tab."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from segmenter.errors import InvalidInput
from segmenter.page.panel import Settings, read_choice
from segmenter.page.widgets import GLUE, friendly, upload
from segmenter.page.work import Desk

HEIGHT_PX = 400


def replace_photo(desk: Desk, photo: str | None, *settings: Any) -> list[Any]:
    """Return before and after, the matte, the download and the device line."""
    with friendly():
        if not photo:
            raise InvalidInput("add a photo first")
        files = desk.photo(Path(photo), read_choice(*settings))
    download = gr.update(value=str(files.download), interactive=True)
    before_after = (str(files.before), str(files.after))
    return [before_after, str(files.matte), download, desk.describe()]


def follow_photo(desk: Desk, photo: str | None, *settings: Any) -> Any:
    """Do the photo again after a change, if there is one and the settings are complete."""
    if not photo:
        return [None, None, gr.update(value=None, interactive=False), desk.describe()]
    try:
        read_choice(*settings)
    except InvalidInput:  # an own background that is not there yet
        return [gr.skip()] * 4
    return replace_photo(desk, photo, *settings)


def build_photo_tab(
    desk: Desk, settings: Settings, device_line: gr.Markdown, examples: list[Path]
) -> None:
    """Lay the tab out; the result follows every change of the photo or the settings."""
    with gr.Row():
        photo = upload(label="Your photo", height=HEIGHT_PX, min_width=280, elem_id="photo")
        result = gr.ImageSlider(
            label="Before and after",
            type="filepath",
            max_height=HEIGHT_PX,
            min_width=280,
            interactive=False,
            buttons=["fullscreen"],
            elem_id="result",
        )
    with gr.Row():
        button = gr.Button("Replace background", variant="primary", elem_id="photo-go")
        download = gr.DownloadButton(
            "Download full-size PNG", interactive=False, elem_id="photo-get"
        )
    if examples:
        gr.Examples(
            [str(path) for path in examples],
            photo,
            label="Or try one of these",
            elem_id="photo-examples",
        )
    with gr.Accordion("Matte: what is kept, in white", open=False):
        matte = gr.Image(
            show_label=False,
            format="png",
            buttons=["download"],
            interactive=False,
            height=HEIGHT_PX,
            elem_id="matte",
        )
    inputs, outputs = [photo, *settings.inputs], [result, matte, download, device_line]
    shared = {"concurrency_limit": 2, "concurrency_id": "photo", "show_progress_on": result}
    button.click(partial(replace_photo, desk), inputs, outputs, **shared, **GLUE)
    gr.on(
        [photo.change, *settings.changes()],
        partial(follow_photo, desk),
        inputs,
        outputs,
        trigger_mode="always_last",
        **shared,
        **GLUE,
    )
