import numpy as np
import pytest

from segmenter.training.precision_recall import AlphaHistogram


def counted(*photos):
    histogram = AlphaHistogram()
    for steps, truth in photos:
        histogram.add(np.float32(steps) / 255, np.uint8(truth))
    return histogram.curve()


def test_four_pixels_by_hand():
    curve = counted(([[250, 200, 130, 10]], [[255, 0, 255, 255]]))
    at = {threshold: index for index, threshold in enumerate(curve.thresholds)}
    points = {t: (curve.recall[at[t]], curve.precision[at[t]]) for t in (250, 200, 130, 10)}
    assert points == {
        250: (1 / 3, 1),  # only the first, rightly
        200: (1 / 3, 1 / 2),
        130: (2 / 3, 2 / 3),
        10: (1, 3 / 4),
    }
    assert curve.average_precision == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert curve.at_half() == points[130]


def test_agrees_with_a_plain_loop_over_all_thresholds():
    generator = np.random.default_rng(5)
    truth = generator.integers(0, 2, (3, 30, 40)) * 255
    steps = (truth * 0.5 + generator.integers(0, 128, truth.shape)).astype(int)
    curve = counted(*zip(steps, truth, strict=True))
    points, area, last = [], 0.0, 0.0
    for threshold in range(255, -1, -1):
        called = steps >= threshold
        if called.any():
            right = (called & (truth == 255)).sum()
            recall, precision = right / (truth == 255).sum(), right / called.sum()
            points.append((threshold, recall, precision))
            area, last = area + (recall - last) * precision, recall
    assert np.allclose(np.transpose(points), [curve.thresholds, curve.recall, curve.precision])
    assert curve.average_precision == pytest.approx(area)


def test_a_perfect_alpha():
    curve = counted(([[255, 255, 0]], [[255, 255, 0]]))
    assert curve.average_precision == 1 and curve.at_half() == (1, 1)


def test_no_person_gives_no_curve_and_low_alphas_no_point_at_half():
    assert len(counted(([[255, 3]], [[0, 0]])).recall) == 0
    assert counted(([[100, 3]], [[255, 0]])).at_half() is None
