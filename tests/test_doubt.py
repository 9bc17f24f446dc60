"""What holds of both that decide doubt by colours: a photo's cut, and a frame's histograms."""

import cv2
import numpy as np
import pytest
from coats import COAT, EDGE, HEIGHT, WALL, WIDTH, scene

from segmenter.colour_doubt import decide_by_colours
from segmenter.graph_cut import decide_doubt


@pytest.fixture(params=[decide_doubt, decide_by_colours])
def decide(request):
    return request.param


@pytest.mark.parametrize("scale", [1, 3])
def test_wide_doubt_is_parted_at_the_edge_between_the_colours(decide, scale):
    probability, frame = scene(scale=scale)
    found = decide(probability, frame)
    assert found.shape == probability.shape and found.dtype == np.float32
    # Where doubt ends it is decided by halves only.
    assert found[:, 64 : EDGE - 4].min() > 0.95 and found[:, :64].min() > 0.8
    assert found[:, EDGE + 4 : 88].max() < 0.05 and found[:, 88:].max() < 0.2
    assert (np.abs((found > 0.5).sum(axis=1) - EDGE) <= 1).all()


def test_what_the_network_is_sure_of_stays_whatever_its_colours(decide):
    probability, frame = scene()
    probability[:, :40], probability[:, 112:] = 0.72, 0.28  # less sure, but no doubt
    frame[30:60, 120:150], frame[30:60, 5:30] = COAT, WALL
    found = decide(probability, frame)
    for sure in (slice(None, 54), slice(98, None)):
        np.testing.assert_allclose(found[:, sure], probability[:, sure], atol=1e-4)


def test_doubt_of_a_large_probability_is_decided_too(decide):
    probability, frame = scene(scale=8)
    probability[:, 60:92] = 0.45
    large = cv2.resize(probability, (8 * WIDTH, 8 * HEIGHT), interpolation=cv2.INTER_NEAREST)
    found = decide(large, frame)
    assert found.shape == large.shape
    assert found[:, 8 * 62 : 8 * (EDGE - 4)].min() > 0.95
    assert found[:, 8 * (EDGE + 4) : 8 * 88].max() < 0.05
    assert found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("count", [19, 20])
def test_a_few_doubtful_pixels_are_nothing_to_decide(decide, count):
    probability, frame = scene()
    probability = np.where(probability > 0.5, np.float32(0.98), np.float32(0.02))
    probability[10 : 10 + count, 74] = 0.45
    assert (decide(probability, frame) is probability) == (count < 20)


@pytest.mark.parametrize("values", [(0.98, 0.02, 0.02), (0.98, 0.5, 0.98), (0.02, 0.5, 0.02)])
def test_without_doubt_or_without_a_sure_side_nothing_is_done(decide, values):
    _, frame = scene()
    probability = np.empty((HEIGHT, WIDTH), np.float32)
    probability[:, :50], probability[:, 50:100], probability[:, 100:] = values
    before = probability.copy()
    assert decide(probability, frame) is probability
    np.testing.assert_array_equal(probability, before)


def test_thin_and_flat_pictures_are_no_fault(decide):
    for height, width in ((1, 300), (300, 1), (2, 90), (400, 400)):
        ramp = np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)
        for value in (0, 255):
            found = decide(ramp, np.full((height, width, 3), value, np.uint8))
            assert np.isfinite(found).all() and found.shape == ramp.shape
