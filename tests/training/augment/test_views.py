import numpy as np
import pytest

from segmenter.training.augment.views import Sample, placement, random_backdrop, random_view, warp

ROOM = np.full((64, 96, 3), (20, 160, 40), np.uint8)


def test_a_view_marks_what_lies_outside_the_photo():
    photo, mask = np.full((60, 40, 3), 200, np.uint8), np.full((60, 40), 255, np.uint8)
    for seed in range(20):
        sample = random_view(photo, mask, 64, 96, np.random.default_rng(seed))
        assert sample.image.shape == (64, 96, 3) and sample.mask.shape == (64, 96)
        # The photo is all person: wherever it counts the mask says so.
        assert sample.mask[sample.counts == 1].min() >= 127
        assert sample.counts.mean() > 0.1


@pytest.mark.parametrize(("height", "width"), [(192, 352), (352, 192), (256, 256)])
def test_a_photo_fills_much_of_any_frame_but_for_people_far_away(height, width):
    photo, mask = np.zeros((90, 60, 3), np.uint8), np.zeros((90, 60), np.uint8)
    counts = [
        random_view(photo, mask, height, width, np.random.default_rng(seed)).counts.mean()
        for seed in range(100)
    ]
    assert np.mean(np.array(counts) > 0.4) > 0.9 and np.mean(counts) > 0.75
    assert min(counts) < 0.15


def test_a_backdrop_fills_the_frame():
    for seed in range(10):
        assert random_backdrop(ROOM, 96, 64, np.random.default_rng(seed)).shape == (96, 64, 3)


def test_a_background_holds_nobody_and_counts():
    sample = Sample.of_background(ROOM)
    assert not sample.mask.any() and sample.counts.all()


def test_shrinking_averages():
    """A fine chequerboard becomes grey, where plain interpolation would leave a pattern."""
    board = np.uint8(255) * (np.indices((64, 64)).sum(axis=0) % 2).astype(np.uint8)
    matrix = placement(board.shape, 1 / 8, 0.0, np.random.default_rng(1))
    matrix[:, 2] += 4
    small = warp(board, matrix, (8, 8), 1 / 8, 0)
    assert 120 <= small[1:-1, 1:-1].min() <= small[1:-1, 1:-1].max() <= 135
