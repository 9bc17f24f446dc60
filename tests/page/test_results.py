"""Where results lie, and for how long."""

import os
from pathlib import Path

import gradio as gr
import pytest
from page_choices import COLOUR

from segmenter.errors import InvalidInput
from segmenter.page.photo_tab import replace_photo
from segmenter.page.results import delete_old_results


def test_results_wait_in_the_folder_that_is_emptied(desk, photo, tmp_path):
    _, matte, *_ = replace_photo(desk, str(photo), None, None, *COLOUR)
    assert Path(matte).is_relative_to(tmp_path / "cache")


def test_results_are_deleted_when_they_are_old_and_nothing_else_is(desk, photo):
    old, fresh = (Path(replace_photo(desk, str(photo), None, None, *COLOUR)[1]) for _ in range(2))
    for path in (old.parent, *old.parent.iterdir()):
        os.utime(path, (0, 0))
    delete_old_results(60)
    assert not old.parent.exists()
    assert fresh.exists()
    fresh.touch()
    os.utime(fresh.parent, (0, 0))  # as of a video that is still written
    delete_old_results(60)
    assert fresh.exists() and photo.exists()


def test_a_job_that_fails_leaves_nothing(desk, photo, tmp_path, monkeypatch):
    def fail(*_):
        raise InvalidInput("no more room")

    monkeypatch.setattr("segmenter.page.work.preview", fail)
    with pytest.raises(gr.Error, match="no more room"):
        replace_photo(desk, str(photo), None, None, *COLOUR)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
