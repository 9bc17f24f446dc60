"""The two steps of a live answer, without a socket."""

from fractions import Fraction

import numpy as np
from scenes import RedSegmenter

from segmenter.background import Clip, Colour
from segmenter.live.answerer import Answerer
from segmenter.live.wire import encode
from segmenter.pipeline import ReplaceOptions

ROOM = np.full((96, 128, 3), (20, 150, 60), np.uint8)


def numbers():
    """Frames whose level is twice their number."""
    return (np.full((96, 128, 3), 2 * number, np.uint8) for number in range(100))


def test_a_clip_that_is_put_behind_begins_at_its_beginning(monkeypatch):
    now, opened = [1000.0], []

    def frames():
        opened.append(now[0])
        return numbers()

    monkeypatch.setattr("segmenter.live.answerer.time.monotonic", lambda: now[0])
    encoded = []
    monkeypatch.setattr(
        "segmenter.live.answerer.encode", lambda picture: encoded.append(picture) or b""
    )
    answerer = Answerer(RedSegmenter(), 10**6, Colour(1, 2, 3), ReplaceOptions(), (96, 128))
    now[0] += 120
    answerer.change(Clip(frames, Fraction(25)), ReplaceOptions(), (96, 128))
    for wanted in (0, 1, 2, 3):
        if wanted == 2:  # another option; the clip goes on
            answerer.change(None, ReplaceOptions(people="largest"), (96, 128))
        answerer.finish(answerer.begin(encode(ROOM)))
        assert encoded[-1][48, 64].tolist() == [2 * wanted] * 3
        now[0] += 0.04
    assert len(opened) == 1
