"""What a visitor may ask of a background."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from clips import make_clip
from page_choices import COLOUR, scene
from PIL import Image

from segmenter.background import Blur, Clip, Colour, Picture, Transparent
from segmenter.errors import InvalidInput, SegmenterError, UnreadableImage
from segmenter.page import choice as choices
from segmenter.page.choice import Choice
from segmenter.page.panel import read_choice


def test_every_kind_of_background_can_be_chosen(tmp_path):
    Image.new("RGB", (8, 8), (9, 9, 9)).save(tmp_path / "own.png")
    wanted = {
        "Colour": Colour,
        "Blur": Blur,
        "Transparent": Transparent,
        "My picture": Picture,
        "Gallery": Picture,
    }
    presets = {"grey": tmp_path / "own.png"}
    for kind, background in wanted.items():
        values = (kind, "grey", "#0000ff", str(tmp_path / "own.png"), *COLOUR[4:])
        assert isinstance(choices.make_background(read_choice(*values), presets), background)


def test_an_own_picture_that_is_missing_is_asked_for():
    with pytest.raises(InvalidInput, match="add a picture"):
        read_choice("My picture", *COLOUR[1:])


@pytest.mark.parametrize("typed", ["red", "#12", "rgb(1, 2, 3)", "blur"])
def test_what_is_typed_as_a_colour_and_is_none_is_told(typed):
    with pytest.raises(InvalidInput, match="is not a colour; write it as #rrggbb"):
        read_choice("Colour", "", typed, *COLOUR[3:])
    read_choice("Blur", "", typed, *COLOUR[3:])


@pytest.mark.parametrize(
    "text",
    [
        *("/etc/passwd", "examples/clip.mp4", "file.png", ""),
        *("blur:0x10", "blur:101", "blur:-3", "blur:00009999"),
    ],
)
def test_a_path_on_the_server_is_no_background(text):
    with pytest.raises(SegmenterError):
        choices.make_background(Choice(text), {})


def test_a_message_can_not_name_an_upload_on_the_server():
    message = {"background": "blur", "upload": "/etc/passwd"}
    assert Choice.from_message(message).upload is None


def test_pictures_for_live_are_opened_one_at_a_time(monkeypatch):
    opening, most = [], []

    def open_slowly(path):
        opening.append(path)
        most.append(len(opening))
        time.sleep(0.02)
        opening.pop()
        return scene()

    monkeypatch.setattr(choices, "open_image", open_slowly)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(choices.as_data_url, map(Path, "abcd")))
    assert most == [1] * 4


def test_a_damaged_upload_in_a_message_is_refused():
    with pytest.raises(UnreadableImage):
        choices.open_data_url(choices.DATA_URL + "/9j/AAAA")


def test_a_preset_may_be_a_clip(tmp_path):
    clip = make_clip(tmp_path / "waves.mp4", sound=None)
    background = choices.make_background(Choice("waves"), {"waves": clip})
    assert isinstance(background, Clip)
    background.close()


def test_presets_are_the_pictures_of_the_folder(tmp_path):
    for name in ("b.jpg", "a.png", "README.md"):
        (tmp_path / name).touch()
    assert list(choices.list_presets(tmp_path)) == ["a", "b"]
    assert choices.list_presets(tmp_path / "missing") == {}
