"""The photo tab."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from segmenter.errors import InvalidInput, NobodyThere
from segmenter.page import look
from segmenter.page.choice import as_data_url, read_strokes
from segmenter.page.panel import Settings, read_choice
from segmenter.page.widgets import (
    AT_ONCE,
    GLUE,
    OFF,
    ON,
    friendly,
    is_unseen,
    read_by,
    show_as_jpeg,
    upload,
)
from segmenter.page.work import Desk, PhotoFiles
from segmenter.strokes import Stroke

HEIGHT_PX = 400
VIEWS = ("Before and after", "Matte", "Edges", "Correct")
PEOPLE_AT = 6  # where `read_choice` takes who stays

# In the browser, so that no download is offered from a change until the answer to the last one.
NOTE_CHANGE = f"() => {{ window.asked = (window.asked ?? 0) + 1; return {OFF}; }}"
NOTE_START = "(...given) => { window.answering = window.asked; return given; }"
NOTE_END = f"(file) => (file && window.answering === window.asked ? {ON} : {OFF})"

# A click: the photo and who stayed when it was made, and its pixel. It holds as long as they do,
# and lies in the browser with them, as JSON.
Click = list[Any]
# What was drawn: the `photo` that it was drawn on, `strokes` as `read_strokes` takes them, and a
# `number` by which strokes.js knows it again.
Drawing = dict[str, Any]


def replace_photo(
    desk: Desk, photo: str | None, click: Click | None, drawing: Drawing | None, *settings: Any
) -> list[Any]:
    """Return the four views, the download, the device line, the hint and its button."""
    with friendly():
        if not photo:
            raise InvalidInput("add a photo first")
        strokes = strokes_on(photo, drawing)
        files, words, is_alone = run(desk, photo, click, strokes, settings)
    return [
        (str(files.before), str(files.after)),
        str(files.matte),
        str(files.edges),
        board_value(photo, files, strokes, drawing),
        str(files.download),
        desk.describe(),
        words,
        gr.update(visible=is_alone),
    ]


def board_value(
    photo: str, files: PhotoFiles, strokes: tuple[Stroke, ...], drawing: Drawing | None
) -> dict[str, Any]:
    """Return what the fourth view shows, and which drawing it is the answer to."""
    number = drawing.get("number") if drawing and strokes else None
    picture = as_data_url(files.board)
    return {"photo": photo, "picture": picture, "count": len(strokes), "number": number}


def strokes_on(photo: str, drawing: Drawing | None) -> tuple[Stroke, ...]:
    """Return what was drawn on a photo, if anything.

    Raises:
        InvalidInput: it can't be drawn.
    """
    if not isinstance(drawing, dict) or drawing.get("photo") != photo:
        return ()
    return read_strokes(drawing.get("strokes"))


def run(
    desk: Desk,
    photo: str,
    click: Click | None,
    strokes: tuple[Stroke, ...],
    settings: tuple[Any, ...],
) -> tuple[PhotoFiles, str, bool]:
    """Do the job; also return the hint, and whether one person was kept by a click."""
    choice, path = read_choice(*settings), Path(photo)
    match click:
        case [about, people, int(column), int(row)] if (about, people) == (
            photo,
            settings[PEOPLE_AT],
        ):
            try:
                return desk.photo(path, choice, (column, row), strokes), look.CLICKED_HINT, True
            except NobodyThere:
                files, words = desk.photo(path, choice, None, strokes), look.NOBODY_HINT
        case _:
            files, words = desk.photo(path, choice, None, strokes), look.CLICK_HINT
    return files, words if files.has_people else look.EMPTY_HINT, False


def follow_photo(
    desk: Desk, photo: str | None, click: Click | None, drawing: Drawing | None, *settings: Any
) -> Any:
    """Do the photo again after a change, if there is one and the settings are complete."""
    if not photo:
        return [*[None] * 5, desk.describe(), look.CLICK_HINT, gr.update(visible=False)]
    try:
        background = read_choice(*settings).upload
    except InvalidInput as error:  # nothing of an earlier photo or choice may pass for the answer
        words = str(error)
        sentence = f"{words[0].upper()}{words[1:]}."
        return [*[None] * 5, desk.describe(), sentence, gr.update(visible=False)]
    if is_unseen(photo) or is_unseen(background):  # another change follows at once
        return [gr.skip()] * 8
    return replace_photo(desk, photo, click, drawing, *settings)


def note_click(photo: str | None, people: str, event: gr.SelectData) -> Click | None:
    """Return where the photo was clicked, for which photo and choice."""
    return [photo, people, *event.index] if photo else None


def read_drawing(_: gr.Textbox, payload: str | None) -> Drawing | None:
    """Return what was drawn, from JSON."""
    return json.loads(payload) if payload else None


def show_view(view: str) -> list[dict]:
    """Show one of the views, and the legend beside the edges."""
    *pictures, edges, correct = [view == name for name in VIEWS]
    # Hidden, what was drawn stays; a view that is not visible begins anew.
    board = True if correct else "hidden"
    return [gr.update(visible=is_shown) for is_shown in (*pictures, edges, board, edges)]


def build_photo_tab(
    desk: Desk, settings: Settings, device_line: gr.Markdown, examples: list[Path]
) -> None:
    """Lay the tab out; the result follows every change of the photo or the settings."""
    with gr.Row():
        photo = upload(label="Your photo", height=HEIGHT_PX, min_width=280, elem_id="photo")
        with gr.Column(min_width=280):
            result, matte, edges, board = build_views()
    with gr.Row(elem_id="photo-words"):
        hint = gr.Markdown(look.CLICK_HINT, elem_classes="quiet", elem_id="photo-hint")
        everyone = gr.Button(
            "Keep everyone", visible=False, size="sm", scale=0, elem_id="photo-everyone"
        )
    view = gr.Radio(
        VIEWS, value=VIEWS[0], label="View", show_label=False, container=False, elem_id="view"
    )
    legend = gr.HTML(look.EDGES_LEGEND, visible=False, elem_id="legend")
    view.change(show_view, view, [result, matte, edges, board, legend], **AT_ONCE)
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
    outputs = [result, matte, edges, board, download, device_line, hint, everyone]
    connect(desk, settings, photo, everyone, button, outputs)


def build_views() -> list[Any]:
    """Lay out what can be shown of a result; one of them is seen at a time."""
    result = gr.ImageSlider(
        label=VIEWS[0],
        type="filepath",
        max_height=HEIGHT_PX,
        interactive=False,
        buttons=["fullscreen"],
        elem_id="result",
    )
    pictures = [
        gr.Image(
            label=label,
            visible=False,
            format="png",
            buttons=["download", "fullscreen"],
            interactive=False,
            height=HEIGHT_PX,
            elem_id=name,
        )
        for label, name in (("Matte: what is kept, in white", "matte"), ("Edges", "edges"))
    ]
    board = gr.HTML(
        None,
        html_template=look.STROKES_HTML,
        js_on_load=look.STROKES_JS,
        visible="hidden",
        elem_id="strokes",
    )
    return [result, *pictures, board]


def connect(
    desk: Desk,
    settings: Settings,
    photo: gr.Image,
    everyone: gr.Button,
    button: gr.Button,
    outputs: list[Any],
) -> None:
    """Do the photo at a press of the button, a click on a person and every change."""
    click = gr.JSON(visible="hidden")
    # Not a `gr.JSON`: that writes every point into the page, in elements of their own.
    drawing = read_by(read_drawing, gr.Textbox)(visible="hidden", elem_id="drawing")
    show_as_jpeg(photo)
    photo.select(note_click, [photo, settings.people], click, **AT_ONCE)
    everyone.click(lambda: (None, "everyone"), None, [click, settings.people], **AT_ONCE)
    settings.people.input(None, None, click, js="() => null", **AT_ONCE)
    board, download = outputs[3:5]
    board.input(None, None, drawing, js="() => JSON.stringify(window.strokes)", **AT_ONCE)
    inputs = [photo, click, drawing, *settings.inputs]
    changes = [photo.change, click.change, drawing.change, *settings.changes()]
    for triggers, do in (([button.click], replace_photo), (changes, follow_photo)):
        noted = gr.on(triggers, None, None, download, js=NOTE_CHANGE, **AT_ONCE)
        # By `then`, so that the live tab, which follows the same changes, has not to wait for it.
        done = noted.then(
            partial(do, desk),
            inputs,
            outputs,
            js=NOTE_START,
            trigger_mode="always_last",
            concurrency_limit=2,
            concurrency_id="photo",
            show_progress_on=outputs[:4],
            **GLUE,
        )
        done.success(None, download, download, js=NOTE_END, **AT_ONCE)
