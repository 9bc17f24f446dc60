"""What widgets give, and what takes the place of an upload."""

import gradio as gr
import pillow_heif
import pytest
from PIL import Image

from segmenter.page.widgets import (
    as_shown,
    by_path,
    is_unseen,
    put_in_place,
    slider,
    upload,
    without_unseen,
)


def test_an_upload_is_a_path_and_an_empty_number_the_default_after_a_change_of_look_too():
    widgets = [upload(render=False), slider(0, 10, 4, render=False)]
    for widget in (*widgets, *(type(one)(**one.constructor_args) for one in widgets)):
        file = gr.FileData(path="text.jpg")
        is_slider = isinstance(widget, gr.Slider)
        assert widget.preprocess(None if is_slider else file) == (4 if is_slider else "text.jpg")
    assert widgets[1].preprocess(7) == 7


def test_a_program_s_upload_is_a_path_and_leaves_no_other_file(tmp_path):
    (tmp_path / "cache").mkdir()
    file = by_path(gr.File)(render=False, type="filepath")
    assert file.preprocess(gr.FileData(path="a.jpg")) == "a.jpg"
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize(("typed", "taken"), [(5, 1), (-3, 0), (0.25, 0.25), (None, 0.7)])
def test_a_number_beyond_a_slider_s_ends_is_the_end(typed, taken):
    assert slider(0, 1, 0.7).preprocess(typed) == taken


def test_a_jpeg_takes_the_place_only_of_what_it_was_made_of():
    made = ("a.heic", "a.jpg")
    assert put_in_place("a.heic", made) == "a.jpg"
    for now in ("b.heic", "b.png", None):
        assert put_in_place(now, made) == gr.skip()
    assert put_in_place("b.png", None) == gr.skip()


@pytest.mark.parametrize("kind", ["TIFF", "HEIF", "PNG", "AVIF"])
def test_a_photo_under_a_wrong_name_is_shown_all_the_same(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    photo = Image.new("RGB", (32, 24), (200, 100, 50))
    if kind == "HEIF":
        pillow_heif.from_pillow(photo).save(tmp_path / "photo.heic")
        (tmp_path / "photo.heic").rename(tmp_path / "photo.jpg")
    else:
        photo.save(tmp_path / "photo.jpg", kind)
    made = as_shown(str(tmp_path / "photo.jpg"))
    assert is_unseen(tmp_path / "photo.jpg") == bool(made) == (kind in ("TIFF", "HEIF"))
    if made:
        with Image.open(made[1]) as shown:
            assert shown.format == "JPEG" and not is_unseen(made[1])


def test_what_is_not_there_is_not_converted(tmp_path):
    assert not is_unseen(tmp_path / "gone.jpg") and not is_unseen(None)


def test_what_can_not_be_converted_is_taken_away():
    assert without_unseen("a.heic") is None
    assert without_unseen("a.png") == gr.skip()
