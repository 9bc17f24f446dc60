"""The page for programs: two stable names, whose arguments do not follow the page's layout."""

import json
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from segmenter.background import FITS
from segmenter.errors import InvalidInput
from segmenter.images import IMAGE_ENDINGS
from segmenter.page.choice import AskedOptions, Choice, read_strokes
from segmenter.page.panel import PEOPLE
from segmenter.page.videos import AUTOMATIC, FORMAT_CHOICES
from segmenter.page.widgets import by_path, friendly, seldom
from segmenter.page.work import Desk
from segmenter.people import CHOICES
from segmenter.stream import Progress
from segmenter.video import VIDEO_ENDINGS


# The parameters' names are the API's, and Gradio passes one for each component.
def replace_image(
    desk: Desk,
    photo: str,
    background: str = "transparent",
    background_picture: str | None = None,
    fit: str = "cover",
    people: str = "everyone",
    edge_strength: float = 1.0,
    feather_px: float = 0.0,
    shift_px: float = 0.0,
    at: str = "",
    strokes: str = "[]",
) -> str:
    """Replace a photo's background; the answer is a PNG at the photo's own size.

    `background` is `#rrggbb`, `blur`, `blur:RADIUS`, `transparent` or the name of one of the page's
    pictures; a `background_picture` is used instead of it. `people` may be `clicked`: then `at` is
    a place on the one to keep, as shares of width and height such as `0.25,0.6`. `strokes` are
    corrections by hand, JSON: `[{"points": [[x, y], ...], "width": w, "keeps": true}, ...]`, of
    which x and y are such shares too, and w is one of the long side.
    """
    options = AskedOptions(
        people=people,
        at=at,
        edge_strength=edge_strength,
        feather_px=feather_px,
        shift_px=shift_px,
    )
    choice = Choice(background, fit, options, as_path(background_picture))
    with friendly():
        drawn = read_strokes(as_json(strokes))
        return str(desk.photo(require_path(photo), choice, strokes=drawn).download)


def replace_video(
    desk: Desk,
    video: str,
    background: str = "transparent",
    background_picture: str | None = None,
    fit: str = "cover",
    people: str = "everyone",
    edge_strength: float = 1.0,
    feather_px: float = 0.0,
    shift_px: float = 0.0,
    file_format: str = AUTOMATIC,
) -> Iterator[str | None]:
    """Replace a video's background; the answer is mp4, webm or mov.

    `background` is `#rrggbb`, `blur`, `blur:RADIUS`, `transparent` or the name of one of the page's
    pictures; a `background_picture`, which may be a clip, is used instead of it. A null comes each
    second until the answer does, and meanwhile the job can be cancelled.
    """
    options = AskedOptions(
        people=people, edge_strength=edge_strength, feather_px=feather_px, shift_px=shift_px
    )
    choice = Choice(background, fit, options, as_path(background_picture))
    yield None  # Gradio can cancel a generator only after its first step
    with friendly(), closing(desk.video(require_path(video), choice, file_format)) as steps:
        for step in seldom(steps):
            yield None if isinstance(step, Progress) else str(step.path)


def as_json(text: str) -> Any:
    """Read JSON.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"this is no JSON: {text[:40]}") from error


def as_path(upload: str | None) -> Path | None:
    """Return an upload's path, if there is one."""
    return Path(upload) if upload else None


def require_path(upload: str | None) -> Path:
    """Return an upload's path.

    Raises:
        InvalidInput: nothing was uploaded.
    """
    if not upload:
        raise InvalidInput("no file came; give the photo or the video as the first argument")
    return Path(upload)


def build_endpoints(desk: Desk) -> None:
    """Give programs two stable names, with arguments that do not follow the page's layout."""
    pictures = sorted(IMAGE_ENDINGS)
    file = by_path(gr.File)  # `gr.File` itself makes an empty file at each call, and keeps it
    photo = file(label="photo", visible=False, type="filepath", file_types=pictures)
    video = file(label="video", visible=False, type="filepath")
    kind = gr.Radio(FORMAT_CHOICES, value=AUTOMATIC, label="file_format", visible=False)
    words = gr.Textbox("transparent", label="background", visible=False)
    picture, picture_or_clip = (
        file(label="background_picture", visible=False, type="filepath", file_types=endings)
        for endings in (pictures, [*pictures, *sorted(VIDEO_ENDINGS)])
    )
    fit = gr.Radio(FITS, value="cover", label="fit", visible=False)
    photo_people, video_people = (
        gr.Radio(choices, value="everyone", label="people", visible=False)
        for choices in (CHOICES, PEOPLE)
    )
    edges = [
        gr.Slider(0, 1, 1, label="edge_strength", visible=False),
        gr.Slider(0, 50, 0, label="feather_px", visible=False),
        gr.Slider(-50, 50, 0, label="shift_px", visible=False),
    ]
    at = gr.Textbox("", label="at", visible=False)
    strokes = gr.Textbox("[]", label="strokes", visible=False)
    done, trigger = gr.File(visible=False), gr.Button(visible=False)
    trigger.click(
        partial(replace_image, desk),
        [photo, words, picture, fit, photo_people, *edges, at, strokes],
        done,
        api_name="replace_image",
        concurrency_id="photo",
        concurrency_limit=2,
    )
    trigger.click(
        partial(replace_video, desk),
        [video, words, picture_or_clip, fit, video_people, *edges, kind],
        done,
        api_name="replace_video",
        concurrency_id="video",
    )
