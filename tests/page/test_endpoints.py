"""The two names for programs, called on a running page."""

import json
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from page_choices import BLUE, drawing_on, near
from page_server import served_page
from PIL import Image

from segmenter.video import probe, read_frames


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with served_page(tmp_path_factory.mktemp("cache")) as running:
        yield running


@pytest.fixture(scope="module")
def page(running, tmp_path_factory):
    """A program's client of the running page."""
    client = Client(
        running.address, verbose=False, download_files=tmp_path_factory.mktemp("answers")
    )
    yield client
    client.close()


def test_programs_see_two_names_and_nothing_else(page):
    names = page.view_api(return_format="dict")["named_endpoints"]
    assert set(names) == {"/replace_image", "/replace_video"}


def test_a_program_replaces_a_photo(page, photo):
    answer = page.predict(
        handle_file(str(photo)), "#0000ff", None, "cover", "everyone", 0, 0, 0,
        api_name="/replace_image",
    )  # fmt: skip
    assert near(np.array(Image.open(answer))[60, 130], BLUE)
    assert answer.endswith("holiday-backdrop.png")


def test_a_program_keeps_one_person(page, couple):
    answer = page.predict(
        handle_file(str(couple)), people="clicked", at="0.8,0.6", api_name="/replace_image"
    )
    alpha = np.array(Image.open(answer))[..., 3]
    assert alpha[60, 125] == 255 and alpha[60, 60] == 0


def test_a_program_corrects_by_strokes(page, couple):
    strokes = json.dumps(drawing_on("")["strokes"])
    answer = page.predict(handle_file(str(couple)), strokes=strokes, api_name="/replace_image")
    alpha = np.array(Image.open(answer))[..., 3]
    assert alpha[60, 125] == 0 and alpha[60, 60] == 255
    for wrong, said in (("no JSON", "this is no JSON"), ("7", "strokes are a list")):
        with pytest.raises(AppError, match=said):
            page.predict(handle_file(str(couple)), strokes=wrong, api_name="/replace_image")


def test_a_program_replaces_a_video(page, video):
    answer = page.predict(handle_file(str(video)), background="blur", api_name="/replace_video")
    assert probe(Path(answer)).frame_count == 10


def test_a_program_puts_a_clip_behind_a_video(page, video, tmp_path):
    """The clip is blue, then red."""
    clip = tmp_path / "sky.mp4"
    halves = "color=blue:s=64x48:d=0.5:r=10[a];color=red:s=64x48:d=0.5:r=10[b];[a][b]concat"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", halves, "-pix_fmt", "yuv420p", clip],
        check=True,
    )
    answer = page.predict(
        handle_file(str(video)),
        background_picture=handle_file(str(clip)),
        api_name="/replace_video",
    )
    frames = list(read_frames(Path(answer)))
    assert near(frames[0][5, 5], BLUE, 40)
    assert near(frames[-1][5, 5], (255, 0, 0), 40)


def test_a_program_cancels_a_video(page, running, video, tmp_path):
    long = tmp_path / "long.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-stream_loop", "170", "-i", video, "-c", "copy", long],
        check=True,
    )
    running.behave("slow")  # the whole of it would take six minutes
    job = page.submit(handle_file(str(long)), api_name="/replace_video")
    while len(job.outputs()) < 2:
        assert not job.done()
        time.sleep(0.05)
    assert job.cancel()
    other = page.submit(handle_file(str(video)), api_name="/replace_video")
    assert other.result(timeout=60), "it had to wait for the rest"
    running.behave("red")


def test_a_program_is_told_what_was_wrong(page, photo):
    with pytest.raises(AppError, match="no background '/etc/passwd'"):
        page.predict(handle_file(str(photo)), background="/etc/passwd", api_name="/replace_image")
