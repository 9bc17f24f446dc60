import cv2
import pytest

from segmenter import batch
from segmenter.background import Colour
from segmenter.batch import Replacer
from segmenter.pipeline import ReplaceOptions
from segmenter.threads import one_thread_a_stage


@pytest.fixture
def three_threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield
    cv2.setNumThreads(before)


def test_the_setting_is_taken_back(three_threads):
    with pytest.raises(KeyError), one_thread_a_stage():
        assert cv2.getNumThreads() == 1
        raise KeyError
    assert cv2.getNumThreads() == 3


def test_videos_of_the_command_line_have_it_and_photos_have_not(three_threads, monkeypatch):
    seen = []

    def stop(*_, **__):
        seen.append(cv2.getNumThreads())
        raise InterruptedError

    for name in ("replace_in_video", "open_image"):
        monkeypatch.setattr(batch, name, stop)
    replacer = Replacer(None, Colour(0, 0, 0), ReplaceOptions())
    for work in (replacer.video, replacer.photo):
        with pytest.raises(InterruptedError):
            work("a", "b")
    assert seen == [1, 3]
