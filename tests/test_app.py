"""The page as a whole: the live tab's settings, its log, its start."""

import json
import logging
import os
import subprocess
import sys
import time

import pytest
from clips import make_clip
from page_choices import COLOUR, RedPeople, last_of, near
from PIL import Image

import app
from segmenter.page import choice as choices
from segmenter.page.video_tab import replace_video
from segmenter.page.work import Desk


def test_wrong_live_settings_are_said_and_not_sent():
    told = json.loads(app.live_settings("My picture", "", "#0000ff", None, *COLOUR[4:]))
    assert "add a picture" in told["trouble"] and "background" not in told
    assert told["options"]["people"] == "everyone" and told["fit"] == "cover"
    assert json.loads(app.live_settings(*COLOUR))["background"] == "#0000ff"


def own_background(upload):
    """What the live tab's browser half is told of it."""
    return json.loads(app.live_background(upload).props["own"])


def test_an_own_background_goes_to_the_live_tab_apart_from_the_settings(tmp_path):
    path = tmp_path / "own.png"
    Image.new("RGB", (2000, 1000), (200, 100, 50)).save(path)
    settings = json.loads(app.live_settings("My picture", "", "", str(path), *COLOUR[4:]))
    assert "background" not in settings and settings["options"]["people"] == "everyone"
    picture = choices.open_data_url(own_background(str(path))["background"])
    assert picture.shape == (640, 1280, 3)
    assert near(picture, (200, 100, 50), 3)
    assert list(own_background(None)) == ["trouble"], "the one before must not stay"


def test_a_broken_own_background_is_said_in_the_live_tab(tmp_path):
    path = tmp_path / "damaged.jpg"
    path.write_bytes(b"\xff\xd8\xff no more")
    told = own_background(str(path))
    assert list(told) == ["trouble"] and "damaged.jpg" in told["trouble"]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    return Desk(RedPeople(), {})


@pytest.fixture
def video_logs():
    """Put the levels back that the page sets."""
    modules = ("images", "video.reader", "video.writer")
    logs = [logging.getLogger(f"segmenter.{module}") for module in modules]
    levels = [log.level for log in logs]
    yield
    for log, level in zip(logs, levels, strict=True):
        log.setLevel(level)


@pytest.mark.usefixtures("video_logs")
def test_no_file_of_a_visitor_is_named_in_the_log(desk, tmp_path, caplog):
    whole = make_clip(tmp_path / "whole.mkv", seconds=3, size=(320, 240))
    (tmp_path / "secret.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    for is_private in (False, True):
        if is_private:
            app.keep_file_names_private()
        caplog.clear()
        last_of(replace_video(desk, str(tmp_path / "secret.mkv"), "Automatic", *COLOUR))
        assert ("secret" in caplog.text) != is_private


def test_the_device_line_waits_for_the_warm_up(desk):
    assert desk.describe().endswith("warming up")
    desk.warm_up()
    for _ in range(500):
        if desk.frame_ms is not None:
            break
        time.sleep(0.01)
    line, timer = app.tell_speed(desk)
    assert line.endswith("ms a frame")
    assert timer.active is False


def test_what_can_not_be_started_is_told_in_one_line():
    settings = {**os.environ, "BACKDROP_BACKEND": "steam"}
    done = subprocess.run(
        [sys.executable, app.__file__], env=settings, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("no backend 'steam'")
    assert "Traceback" not in done.stderr
