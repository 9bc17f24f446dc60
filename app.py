"""The page: three tabs (photo, video, live) over one set of settings."""

import json
import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

# Read by Gradio when it is imported: nothing is reported to anybody.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from starlette.routing import WebSocketRoute

from segmenter.allocator import keep_freed_memory
from segmenter.background import Background
from segmenter.errors import SegmenterError
from segmenter.inference import Segmenter
from segmenter.live import LiveLimits, LiveServer
from segmenter.page import look
from segmenter.page.choice import (
    DELETE_AFTER_S,
    DELETE_EVERY_S,
    KEPT_MINUTES,
    Choice,
    as_data_url,
    list_presets,
    make_background,
    make_options,
)
from segmenter.page.endpoints import build_endpoints
from segmenter.page.panel import NOTHING, Settings, build_settings, read_choice
from segmenter.page.photo_tab import build_photo_tab
from segmenter.page.results import keep_tidy
from segmenter.page.video_tab import build_video_tab
from segmenter.page.videos import LARGEST_UPLOAD_MB
from segmenter.page.widgets import AT_ONCE, is_unseen
from segmenter.page.work import Desk
from segmenter.pipeline import ReplaceOptions
from segmenter.threads import one_thread_a_stage

EXAMPLES = Path(__file__).resolve().parent / "examples"
CAMERAS = ((480, 640), (720, 1280))  # the shapes that most have
# Jobs in the queue; more are turned away, photos too, though it is videos that wait for long.
WAITING = 100
# Of an own background, in the live tab, until it is there.
NO_PICTURE = json.dumps({"trouble": "Your background is on its way…"})


def build_page(desk: Desk) -> gr.Blocks:
    """Lay the page out and connect it."""
    # Served from where they are: in Gradio's cache they would be deleted with the visitors' files.
    gr.set_static_paths([EXAMPLES])
    with gr.Blocks(title="Backdrop", delete_cache=(DELETE_EVERY_S, DELETE_AFTER_S)) as page:
        gr.HTML(look.HEADER, elem_id="header")
        with gr.Row():
            with gr.Column(scale=7, min_width=320), gr.Tabs():
                tabs = [gr.Tab(name, id=name.lower()) for name in ("Photo", "Video", "Live")]
            with gr.Column(scale=4, min_width=300):
                settings = build_settings(desk.presets)
        device_line = gr.Markdown(desk.describe(), elem_classes="quiet", elem_id="device")
        gr.Markdown(look.PRIVACY.format(minutes=KEPT_MINUTES), elem_classes="quiet")
        with tabs[0]:
            portraits = sorted((EXAMPLES / "portraits").glob("*.*"))
            build_photo_tab(desk, settings, device_line, portraits)
        with tabs[1]:
            clips = sorted(EXAMPLES.glob("*.mp4"))
            build_video_tab(desk, settings, device_line, clips)
        with tabs[2]:
            build_live_tab(settings)
        build_endpoints(desk)
        timer = gr.Timer(1)
        timer.tick(partial(tell_speed, desk), None, [device_line, timer], **AT_ONCE)
    return page.queue(max_size=WAITING, default_concurrency_limit=1)


def build_live_tab(settings: Settings) -> None:
    """Lay out the live tab; its work is done by page/live and the socket."""
    start = live_settings(*(widget.value for widget in settings.inputs))
    live = gr.HTML(
        start,
        html_template=look.LIVE_HTML,
        js_on_load=look.LIVE_JS,
        elem_id="live",
        **live_props(NO_PICTURE),
    )
    newest = {"outputs": live, "trigger_mode": "always_last", **AT_ONCE}
    gr.on(settings.changes(), live_settings, settings.inputs, **newest)
    settings.own.change(live_background, settings.own, **newest)


def live_settings(*settings: Any) -> Any:
    """Return what the live tab's browser half sends through its socket, and says is wrong."""
    try:
        return json.dumps(read_choice(*settings).to_message())
    except SegmenterError as error:
        others = read_choice(NOTHING, *settings[1:]).to_message()
        del others["background"]  # the last good one stays
        return json.dumps({**others, "trouble": str(error)})


def live_background(upload: str | None) -> Any:
    """Give the browser half the visitor's own picture: once, not with each of the settings."""
    if is_unseen(upload):  # another change follows at once
        return gr.skip()
    if not upload:
        return gr.HTML(**live_props(NO_PICTURE))
    try:
        message = {"background": as_data_url(Path(upload))}
    except SegmenterError as error:
        message = {"trouble": str(error)}
    return gr.HTML(**live_props(json.dumps(message)))


def live_props(own: str) -> dict:
    """Return all props of the live tab: before it is first opened, an update drops the others."""
    return {"largest_pixels": LiveLimits.frame_pixels, "own": own}


def tell_speed(desk: Desk) -> tuple[str, gr.Timer]:
    """Return the device line; the timer stops when the warm-up is over."""
    return desk.describe(), gr.Timer(active=desk.frame_ms is None)


def live_route(desk: Desk) -> WebSocketRoute:
    """Return the live tab's socket."""

    def read_background(message: dict) -> Background:
        return make_background(Choice.from_message(message), desk.presets)

    def read_options(message: dict) -> ReplaceOptions:
        return make_options(Choice.from_message(message).options)

    server = LiveServer(desk.segmenter, read_background, read_options)
    return WebSocketRoute("/live", server.endpoint)


def keep_file_names_private() -> None:
    """Keep what says visitors' files by name out of the log."""
    for module in ("images", "video.reader", "video.writer"):
        logging.getLogger(f"segmenter.{module}").setLevel(logging.ERROR)


def serve(segmenter: Any, **launch: Any) -> tuple[Any, str, str]:
    """Start the page and the live socket with one shared segmenter; `launch` goes to Gradio."""
    keep_file_names_private()
    desk = Desk(segmenter, list_presets(EXAMPLES / "backgrounds"))
    desk.warm_up()
    keep_tidy(desk.seen.forget)
    return build_page(desk).launch(
        app_kwargs={"routes": [live_route(desk)]},
        theme=look.make_theme(),
        head=look.HEAD,
        run_history=False,
        max_file_size=LARGEST_UPLOAD_MB * 1_000_000,
        ssr_mode=False,
        footer_links=["api"],
        **launch,
    )


def ready_for_cameras(segmenter: Segmenter) -> Segmenter:
    """Return the segmenter, so that the first visitor's picture never stands still."""
    for height, width in CAMERAS:
        segmenter.expect(height, width, segmenter.live_size)
    return segmenter


if __name__ == "__main__":
    keep_freed_memory()
    try:
        chosen = Segmenter()
    except SegmenterError as error:
        sys.exit(str(error))
    with one_thread_a_stage():
        serve(ready_for_cameras(chosen))
