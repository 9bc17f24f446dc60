"""The video tab's handlers: the result, and the estimate before it."""

import re
import subprocess
from pathlib import Path

import gradio as gr
import pytest
from clips import make_clip
from page_choices import COLOUR, NOTHING, last_of, scene
from PIL import Image

from segmenter.page.video_tab import estimate_video, replace_video
from segmenter.video import probe


def test_a_video_keeps_its_length_and_sound(desk, video):
    state, shown, download, _ = last_of(replace_video(desk, str(video), "Automatic", *COLOUR))
    path = Path(download)
    before, after = probe(video), probe(path)
    assert path.name == "party-backdrop.mp4"
    assert shown == str(path)
    assert after.frame_count == before.frame_count == 10
    assert after.has_sound
    assert "Done: mp4" in state


def test_a_transparent_video_is_webm_and_prores_is_not_shown(desk, video):
    _, shown, _, _ = last_of(replace_video(desk, str(video), "Automatic", *NOTHING))
    assert shown.endswith("party-backdrop.webm")
    state, shown, download, _ = last_of(replace_video(desk, str(video), "ProRes", *NOTHING))
    assert shown is None
    assert download.endswith(".mov")
    assert "Browsers don't play this" in state


def test_the_first_step_comes_at_once_so_that_it_can_be_cancelled(desk, tmp_path):
    steps = replace_video(desk, str(tmp_path / "missing.mp4"), "Automatic", *COLOUR)
    assert "Starting" in next(steps)[0]
    with pytest.raises(gr.Error):
        next(steps)


def test_a_video_that_is_cut_off_is_told(desk, tmp_path):
    whole = make_clip(tmp_path / "whole.mkv", seconds=3, size=(320, 240))
    (tmp_path / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    state, _, _, _ = last_of(replace_video(desk, str(tmp_path / "cut.mkv"), "Automatic", *COLOUR))
    assert re.search(r"cut off or damaged: \d\d of about (89|90|91) frames came", state)
    state, _, _, _ = last_of(replace_video(desk, str(whole), "Automatic", *COLOUR))
    assert "cut off" not in state


def test_a_video_with_nobody_in_it_is_told(desk, video, tmp_path):
    empty = make_clip(tmp_path / "empty.mp4", "color=0x336633", rate="10", seconds=0.3)
    state, _, _, _ = last_of(replace_video(desk, str(empty), "Automatic", *COLOUR))
    assert "Nobody was found in this video" in state
    state, _, _, _ = last_of(replace_video(desk, str(video), "Automatic", *COLOUR))
    assert "Nobody" not in state


def test_the_estimate_tells_size_rate_and_sound(desk, video):
    words = estimate_video(desk, str(video))
    assert words.startswith("1 s of 160x96 at 10 frames a second, with sound: about ")
    assert estimate_video(desk, None).startswith("Up to 3 minutes")


def test_frames_that_take_long_at_first_do_not_count_in_the_estimate(desk, video, monkeypatch):
    """Of ten frames the first four take 9 s and the others 3; a quarter goes to encoding."""
    clock, took = [0.0], [9.0] * 4 + [3.0] * 6

    class Replacer:
        def __init__(self, segmenter, closely):
            pass

        def __call__(self, frame, time_s):
            clock[0] += took.pop(0)

    monkeypatch.setattr("segmenter.page.work.LiveReplacer", Replacer)
    monkeypatch.setattr("segmenter.page.work.time.monotonic", lambda: clock[0])
    assert estimate_video(desk, str(video)).endswith("about 40 seconds.")


def test_a_short_video_is_told_in_short_measures(desk, tmp_path):
    """A picture as a clip: one frame, at 25 a second."""
    Image.fromarray(scene()).save(tmp_path / "still.png")
    one = tmp_path / "one.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "still.png", one], check=True)
    assert estimate_video(desk, str(one)).startswith("0.04 s of 160x96")
    state, *_ = last_of(replace_video(desk, str(one), "Automatic", *COLOUR))
    assert re.search(r"Done: mp4, [1-9]\d* kB\.", state)
