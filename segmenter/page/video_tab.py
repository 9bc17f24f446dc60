"""The video tab."""

import json
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from segmenter.errors import InvalidInput
from segmenter.page import look
from segmenter.page.panel import Settings, read_choice
from segmenter.page.videos import AUTOMATIC, FORMAT_CHOICES
from segmenter.page.widgets import AT_ONCE, GLUE, OFF, ON, QUIET, friendly, seldom
from segmenter.page.work import Desk
from segmenter.stream import Progress

HEIGHT_PX = 300
# What the browser does by itself: with the button and Cancel, then with state, result and download.
EMPTY = "null, {__type__: 'update', value: null, interactive: false}"
WAITING = look.progress_bar('Waiting for its turn… <span class="place"></span>', 0)  # place.js
CANCELLED = look.progress_bar("Cancelled; nothing was kept.", 0)
NOTE_START = f"""(video) => {{
  [window.videoAtWork, window.videoCancelled] = [video?.path, false];
  return [{OFF}, {ON}, {json.dumps(WAITING)}, {EMPTY}];
}}"""
KEEP = "{__type__: 'update'}"
IDLE = f"(file) => [{ON}, {OFF}, file ? {ON} : {OFF}]"
# Gradio takes what was cancelled for failed, sooner or later.
NOTE_CANCEL = "() => { window.videoCancelled = true; return []; }"
FAILED = f"() => [{ON}, {OFF}, {OFF}, window.videoCancelled ? {json.dumps(CANCELLED)} : '']"
# The change that an upload makes may come after the button was pressed, and even after the work.
NOTE_CHANGE = f"""(video) => {{
  if (video && video.path === window.videoAtWork) return Array(3).fill({KEEP});
  window.videoAtWork = null;
  document.querySelector('#video-cancel').click();
  return ['', {EMPTY}];
}}"""
# A step that was on its way when Cancel was pressed may have been told after it.
STILL_CANCELLED = f"""() => new Promise((done) => setTimeout(() => {{
  done(window.videoCancelled ? {json.dumps(CANCELLED)} : {KEEP});
}}, 500))"""


def estimate_video(desk: Desk, video: str | None) -> str:
    """Say how long the video will take; without one, how long it may be."""
    with friendly():
        return desk.estimate(Path(video)) if video else look.VIDEO_LIMITS


def replace_video(desk: Desk, video: str | None, kind: str, *settings: Any) -> Iterator[Any]:
    """Yield the state, then the preview, the download and the device line."""
    waiting = [gr.skip()] * 3
    # Gradio can cancel a generator only after its first step.
    yield [look.progress_bar("Starting…", 0), *waiting]
    with friendly():
        if not video:
            raise InvalidInput("add a video first")
        with closing(desk.video(Path(video), read_choice(*settings), kind)) as steps:
            for step in seldom(steps):
                if isinstance(step, Progress):
                    yield [look.describe_progress(step), *waiting]
    path = step.path
    shown = None if path.suffix == ".mov" else str(path)
    yield [look.describe_finished(path, step.warning), shown, str(path), desk.describe()]


def build_video_tab(
    desk: Desk, settings: Settings, device_line: gr.Markdown, examples: list[Path]
) -> None:
    """Lay the tab out."""
    with gr.Row():
        video = gr.Video(
            sources=["upload"], label="Your video", height=HEIGHT_PX, min_width=280, elem_id="video"
        )
        result = gr.Video(
            label="Result",
            interactive=False,
            height=HEIGHT_PX,
            min_width=280,
            elem_id="video-result",
        )
    estimate = gr.Markdown(look.VIDEO_LIMITS, elem_classes="quiet", elem_id="estimate")
    kind = gr.Radio(FORMAT_CHOICES, value=AUTOMATIC, label="File format", info=look.FORMAT_HELP)
    with gr.Row():
        button = gr.Button("Replace background", variant="primary", elem_id="video-go")
        cancel = gr.Button("Cancel", interactive=False, elem_id="video-cancel")
        download = gr.DownloadButton("Download", interactive=False, elem_id="video-get")
    state = gr.HTML(elem_id="video-state")
    if examples:
        gr.Examples(
            [str(path) for path in examples],
            video,
            label="Or try this one",
            elem_id="video-examples",
        )
    video.change(partial(estimate_video, desk), video, estimate, concurrency_limit=2, **QUIET)
    outputs = [state, result, download, device_line]
    video.change(None, video, outputs[:3], js=NOTE_CHANGE, **AT_ONCE)
    connect_run(desk, settings, [video, kind], button, cancel, outputs)


def connect_run(
    desk: Desk,
    settings: Settings,
    inputs: list[Any],
    button: gr.Button,
    cancel: gr.Button,
    outputs: list[Any],
) -> None:
    """Let one button run the job, and the other one end it while it runs."""
    buttons, download = [button, cancel, outputs[2]], outputs[2]
    button.click(None, inputs[0], [button, cancel, *outputs[:3]], js=NOTE_START, **AT_ONCE)
    running = button.click(
        partial(replace_video, desk),
        [*inputs, *settings.inputs],
        outputs,
        show_progress="hidden",
        concurrency_id="video",
        **GLUE,
    )
    running.then(None, download, buttons, js=IDLE, **AT_ONCE)
    # Gradio does not call `then` after an error, nor the job where its queue is full.
    running.failure(None, None, [*buttons, outputs[0]], js=FAILED, **AT_ONCE)
    ending = {"cancels": [running], "js": NOTE_CANCEL, **AT_ONCE}
    cancelled = cancel.click(lambda: CANCELLED, None, outputs[0], **ending)
    cancelled.then(None, None, outputs[0], js=STILL_CANCELLED, **AT_ONCE)
