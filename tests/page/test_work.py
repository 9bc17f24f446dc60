"""The jobs behind the handlers."""

import os
import subprocess
from contextlib import closing

import gradio as gr
import numpy as np
import pytest
from page_choices import COLOUR, last_of

from segmenter.errors import UnreadableVideo
from segmenter.page.panel import read_choice
from segmenter.page.photo_tab import replace_photo
from segmenter.page.video_tab import estimate_video, replace_video
from segmenter.page.work import as_shares


def test_a_file_that_was_deleted_is_asked_for_again(desk, photo, tmp_path):
    gone, own = str(tmp_path / "gone.png"), ("My picture", "", "")
    words = "^'Your file was deleted after 30 minutes; add it again.'$"
    for job in (
        lambda: replace_photo(desk, gone, None, None, *COLOUR),
        lambda: replace_photo(desk, str(photo), None, None, *own, gone, *COLOUR[4:]),
        lambda: estimate_video(desk, gone),
        lambda: last_of(replace_video(desk, gone, "Automatic", *COLOUR)),
    ):
        with pytest.raises(gr.Error, match=words):
            job()


def test_a_cancelled_video_leaves_neither_file_nor_ffmpeg(desk, video, tmp_path):
    steps = desk.video(video, read_choice(*COLOUR), "MP4")
    with closing(steps):
        assert next(steps).frames_done == 1
        assert children()
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert not children()


def children():
    """The ffmpeg processes that this one has started and that still run."""
    command = ["ps", "--ppid", str(os.getpid()), "-o", "stat=,comm="]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if "ffmpeg" in line and not line.startswith("Z")]


def test_a_text_file_is_no_video(desk, tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("milk, bread")
    with pytest.raises(UnreadableVideo):
        desk.estimate(path)


@pytest.mark.parametrize("pixel", [(-5, 3), (10**400, 3), (119, 79)])
def test_a_click_lies_on_the_photo(pixel):
    assert all(0 < share < 1 for share in as_shares(pixel, np.zeros((80, 120, 3), np.uint8)))


def test_the_first_run_says_nothing_of_the_speed(desk, monkeypatch):
    looks = []

    def probability(frame, size):
        assert desk.frame_ms is None  # until then the page waits
        looks.append(size)

    monkeypatch.setattr(desk.segmenter, "probability", probability)
    desk._warm_up()
    assert len(looks) == 2 and desk.frame_ms is not None
