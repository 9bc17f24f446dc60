"""Grounds with nothing on them."""

import numpy as np
import pytest

from segmenter.training.augment.plain import plain_backdrop, random_colour, slope


@pytest.fixture(scope="module")
def grounds():
    return [plain_backdrop(48, 64, np.random.default_rng(seed)) for seed in range(200)]


def test_they_have_no_edges(grounds):
    for ground in grounds:
        assert ground.shape == (48, 64, 3) and ground.dtype == np.uint8
        steps = [np.abs(np.diff(ground.astype(int), axis=axis)).max() for axis in (0, 1)]
        assert max(steps) <= 16


def test_some_are_even_and_some_change(grounds):
    even = [np.ptp(ground, axis=(0, 1)).max() == 0 for ground in grounds]
    assert 0.3 < np.mean(even) < 0.7
    assert max(np.ptp(ground) for ground in grounds) > 150


def test_black_grey_and_colourful_ones_come(grounds):
    means = np.array([ground.mean(axis=(0, 1)) for ground in grounds])
    assert (means.max(axis=1) < 30).mean() > 0.08
    grey = np.ptp(means, axis=1) < 1
    assert 0.2 < grey.mean() < 0.8 and np.ptp(means, axis=1).max() > 120


def test_a_colour_is_within_range():
    colours = np.array([random_colour(np.random.default_rng(seed)) for seed in range(200)])
    assert colours.shape == (200, 3) and colours.min() >= 0 and 200 < colours.max() <= 255


def test_a_slope_goes_from_one_end_to_the_other():
    for seed in range(20):
        share = slope(40, 30, np.random.default_rng(seed))
        assert share.shape == (40, 30) and share.max() == 1
        assert 0 <= share.min() < 0.03
