"""Which videos the page takes, and in which formats it gives them back."""

import gradio as gr
import pytest
from page_choices import COLOUR, last_of

from segmenter.errors import InvalidInput
from segmenter.page.video_tab import estimate_video, replace_video
from segmenter.page.videos import choose_ending, in_words


def test_a_video_over_the_limits_is_refused_with_the_limit(desk, video, monkeypatch):
    monkeypatch.setattr("segmenter.page.videos.LONGEST_VIDEO_S", 0.5)
    with pytest.raises(gr.Error, match="cut it"):
        estimate_video(desk, str(video))
    monkeypatch.setattr("segmenter.page.videos.LONGEST_VIDEO_S", 180)
    monkeypatch.setattr("segmenter.page.videos.MOST_FRAMES", 9)
    with pytest.raises(gr.Error, match="10 frames and the page takes up to 9"):
        estimate_video(desk, str(video))
    monkeypatch.setattr("segmenter.page.videos.LARGEST_VIDEO_PIXELS", 100)
    with pytest.raises(gr.Error, match="160x96"):
        last_of(replace_video(desk, str(video), "Automatic", *COLOUR))


@pytest.mark.parametrize(
    ("kind", "is_transparent", "ending"),
    [("Automatic", False, ".mp4"), ("Automatic", True, ".webm"), ("ProRes", False, ".mov")],
)
def test_the_format_follows_the_choice(kind, is_transparent, ending):
    assert choose_ending(kind, is_transparent) == ending


def test_mp4_is_not_offered_for_transparency():
    with pytest.raises(InvalidInput, match="can't be transparent"):
        choose_ending("MP4", True)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 second"), (42, "42 seconds"), (180, "3 minutes")]
)
def test_durations_are_told_in_words(seconds, words):
    assert in_words(seconds) == words
