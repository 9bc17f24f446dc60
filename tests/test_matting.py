import numpy as np
import pytest
from scenes import person

from segmenter.matting import Matting
from segmenter.pipeline import ReplaceOptions


class Counting:
    """Sees a person wherever it is red, and counts the frames it was shown."""

    photo_size = live_size = 160

    def __init__(self):
        self.looks = 0

    def probability(self, frame, size=None):
        self.looks += 1
        return np.where(frame[..., 0] > 150, 0.99, 0.01).astype(np.float32)


@pytest.mark.parametrize("smoothing", [True, False])
def test_the_network_rests_while_nothing_moves_if_videos_are_steadied(smoothing):
    segmenter = Counting()
    matting = Matting(segmenter, closely=True)
    for _ in range(8):
        look = matting.look(person(), smoothing=smoothing)
    assert segmenter.looks == (2 if smoothing else 8)
    alpha = matting.cut(look, ReplaceOptions(smoothing=smoothing))
    assert alpha[50:70, 70:90].min() > 0.9 and alpha[:, 120:].max() < 0.1


def test_somebody_who_moves_after_a_rest_is_followed_in_that_frame():
    matting = Matting(Counting(), closely=True)
    for left in (60, 60, 60, 70):
        look = matting.look(person(left=left), smoothing=True)
    alpha = matting.cut(look, ReplaceOptions())
    assert alpha[50:70, 74:106].min() > 0.9 and alpha[50:70, :68].max() < 0.1
