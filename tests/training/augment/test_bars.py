"""Bars beside a picture."""

import numpy as np
import pytest

from segmenter.training.augment.bars import put_bars, random_filling
from segmenter.training.augment.views import Sample

RED = np.full((60, 80, 3), (200, 30, 30), np.uint8)
ALL_PERSON = Sample(RED, np.full((60, 80), 255, np.uint8), np.zeros((60, 80), np.uint8))


@pytest.fixture(scope="module")
def barred():
    return [put_bars(ALL_PERSON, np.random.default_rng(seed)) for seed in range(100)]


def test_nobody_is_in_the_bars_and_these_count(barred):
    for sample in barred:
        bars = sample.mask == 0
        np.testing.assert_array_equal(sample.counts == 1, bars)
        assert (sample.mask[~bars] == 255).all() and (sample.image[~bars] == (200, 30, 30)).all()
        assert 0.05 < bars.mean() < 0.45


def test_they_lie_on_two_opposite_borders(barred):
    ways = set()
    for sample in barred:
        rows, columns = (np.all(sample.mask == 0, axis=axis) for axis in (1, 0))
        upright, lying = rows.sum() in (0, 60), columns.sum() in (0, 80)
        assert upright != lying
        line = columns if upright else rows
        np.testing.assert_array_equal(line, line[::-1])
        assert line[0] and not line[len(line) // 2]
        ways.add(upright)
    assert ways == {True, False}


def test_the_sample_given_stays_as_it_is(barred):
    assert ALL_PERSON.mask.min() == 255 and ALL_PERSON.counts.max() == 0
    assert (ALL_PERSON.image == (200, 30, 30)).all()


def test_most_are_black_and_some_show_the_picture_blurred():
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, 40:] = (0, 200, 0)
    fillings = [random_filling(image, np.random.default_rng(seed)) for seed in range(200)]
    assert 0.5 < np.mean([not filling.any() for filling in fillings]) < 0.75
    assert all(filling.shape == image.shape for filling in fillings)
    spans = [np.ptp(filling, axis=(0, 1)).max() for filling in fillings]
    shown = [filling for filling, span in zip(fillings, spans, strict=True) if span > 50]
    assert 0.15 < len(shown) / 200 < 0.4
    assert all(filling[30, 0, 1] < 20 < 180 < filling[30, -1, 1] for filling in shown)
