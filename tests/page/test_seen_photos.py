"""A photo's probability is asked for once, and forgotten when it should be."""

import os
import time

import numpy as np
import pytest
from scenes import RedSegmenter, person

from segmenter.images import open_image, save_image
from segmenter.page.choice import Choice
from segmenter.page.seen import SeenPhotos
from segmenter.page.work import Desk
from segmenter.strokes import Stroke


class Counting(RedSegmenter):
    def __init__(self):
        self.looks = 0

    def probability(self, frame, size=None):
        self.looks += 1
        return super().probability(frame, size)


@pytest.fixture
def photo(tmp_path):
    save_image(tmp_path / "red.png", person())
    return tmp_path / "red.png"


@pytest.fixture(autouse=True)
def _results(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "results"))


def test_other_settings_of_a_photo_need_no_other_look_and_change_nothing(photo):
    desk, fresh = Desk(Counting(), {}), Desk(Counting(), {})
    stroke = Stroke(((0.1, 0.1), (0.2, 0.1)), 0.1, keeps=True)
    for background, strokes in (("#ff0000", ()), ("#00ff00", (stroke,)), ("#0000ff", ())):
        again = desk.photo(photo, Choice(background), strokes=strokes)
        fresh.seen = SeenPhotos()
        once = fresh.photo(photo, Choice(background), strokes=strokes)
        np.testing.assert_array_equal(open_image(again.download), open_image(once.download))
    assert (desk.segmenter.looks, fresh.segmenter.looks) == (1, 3)


def look(seen, path, value):
    return float(seen(path, lambda: np.full((10, 10), value, np.float32))[0, 0])


def test_another_file_of_the_name_is_looked_at_anew(photo):
    seen = SeenPhotos()
    assert [look(seen, photo, 0.1), look(seen, photo, 0.2)] == pytest.approx([0.1, 0.1])
    os.utime(photo, ns=(0, 1))
    assert look(seen, photo, 0.3) == pytest.approx(0.3)


def test_the_photos_used_last_are_kept_as_far_as_there_is_room(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.touch()
    seen = SeenPhotos(most_bytes=2 * 400)
    assert [look(seen, paths[i], i + 0.5) for i in (0, 1, 0, 2)] == [0.5, 1.5, 0.5, 2.5]
    assert [look(seen, paths[i], 9) for i in (0, 2, 1)] == [0.5, 2.5, 9]


def test_one_that_has_no_room_is_looked_at_each_time(photo):
    seen = SeenPhotos(most_bytes=399)
    assert [look(seen, photo, 0.5), look(seen, photo, 1)] == [0.5, 1]


def test_what_was_not_used_for_long_is_forgotten(photo, monkeypatch):
    seen, now = SeenPhotos(), time.monotonic()
    look(seen, photo, 0.5)
    monkeypatch.setattr("segmenter.page.seen.time.monotonic", lambda: now + 100)
    seen.forget(200)
    assert look(seen, photo, 1) == 0.5
    monkeypatch.setattr("segmenter.page.seen.time.monotonic", lambda: now + 301)
    seen.forget(200)
    assert look(seen, photo, 1) == 1


def test_a_failed_look_is_not_remembered_and_answers_can_not_be_changed(photo):
    def fail():
        raise RuntimeError("no network")

    seen = SeenPhotos()
    with pytest.raises(RuntimeError):
        seen(photo, fail)
    assert look(seen, photo, 0.5) == 0.5
    with pytest.raises(ValueError, match="read-only"):
        seen(photo, fail)[:] = 0
