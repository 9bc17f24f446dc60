import pytest
from scenes import RedSegmenter, person

from segmenter.inference import Segmenter
from segmenter.matting import Matting
from segmenter.pipeline import ReplaceOptions


class Counting(RedSegmenter):
    """Counts the frames it was shown, and notes what it was told to expect."""

    def __init__(self):
        self.looks, self.expected = 0, []

    def probability(self, frame, size=None):
        self.looks += 1
        return super().probability(frame, size)

    def expect(self, height, width, size, *, wait=False):
        self.expected.append((height, width, size, wait))


@pytest.mark.parametrize("smoothing", [True, False])
def test_the_network_rests_while_nothing_moves_if_videos_are_steadied(smoothing):
    segmenter = Counting()
    matting = Matting(segmenter, closely=True)
    for _ in range(8):
        look = matting.look(person(side=80), smoothing=smoothing)
    assert segmenter.looks == (2 if smoothing else 8)
    alpha = matting.cut(look, ReplaceOptions(smoothing=smoothing))
    assert alpha[50:110, 70:130].min() > 0.9 and alpha[:, :50].max() < 0.1


def test_somebody_who_moves_after_a_rest_is_followed_in_that_frame():
    matting = Matting(Counting(), closely=True)
    for left in (60, 60, 60, 70):
        look = matting.look(person(left=left), smoothing=True)
    alpha = matting.cut(look, ReplaceOptions())
    assert alpha[50:70, 74:106].min() > 0.9 and alpha[50:70, :68].max() < 0.1


@pytest.mark.parametrize(("closely", "size"), [(True, 384), (False, 256)])
def test_the_network_is_made_ready_once_for_frames_of_a_shape(closely, size):
    segmenter = Counting()
    matting = Matting(segmenter, closely=closely)
    for width in (160, 160, 200, 200):
        matting.look(person(width=width, side=90), smoothing=False)
    assert segmenter.expected == [(120, 160, size, closely), (120, 200, size, closely)]


def test_small_people_of_a_file_are_looked_at_from_nearer_at_once_and_while_they_are_small():
    segmenter = Counting()
    matting = Matting(segmenter, closely=True)
    for side in (80, 30, 40, 110):
        matting.look(person(side=side), smoothing=False)
    assert segmenter.looks == 6
    sizes = [size for *_, size, _ in segmenter.expected]
    assert sizes == [384, 512, 384]


def test_a_camera_is_never_looked_at_from_nearer():
    segmenter = Counting()
    Matting(segmenter, closely=False).look(person(side=30), smoothing=True)
    assert segmenter.looks == 1


def test_all_frames_of_a_file_are_calculated_in_the_same_way():
    segmenter = Segmenter(device="cpu", backend="onnx")
    Matting(segmenter, closely=True).look(person(), smoothing=True)  # who is none to the network
    assert segmenter.backend.sessions.get((1, 3, 288, 384)) is not None
