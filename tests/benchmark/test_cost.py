import numpy as np
import pytest

from segmenter.benchmark.cost import Cost, fit_line
from segmenter.benchmark.plot import draw_cost, is_straight, save_plot
from segmenter.images import open_image


def test_a_straight_line_is_found_exactly():
    line = fit_line([1, 2, 5, 10], [35, 45, 75, 125])
    assert (line.start, line.slope) == pytest.approx((25, 10))
    assert line.r_squared == pytest.approx(1)


def test_two_points_are_no_evidence():
    assert fit_line([1, 2], [3, 4]) is None


def test_squares_are_no_line():
    squares = fit_line(range(20), [number**2 for number in range(20)])
    assert squares.r_squared < 0.95


def test_a_videos_frames_add_up():
    cost = Cost(video_size="1280x720", frame_ms=[500.0, 30.0, 30.0, 30.0, 30.0])
    assert cost.video_s() == pytest.approx([0.5, 0.53, 0.56, 0.59, 0.62])
    assert cost.video_line().slope == pytest.approx(0.03)
    assert cost.photo_line() is None


def test_the_plot_says_a_straight_line_only_where_there_is_one():
    cost = Cost(video_size="1280x720", frame_ms=[40.0] * 50)
    for megapixels in (1, 3, 12, 50):
        cost.add_photo(megapixels, 30 + 40 * megapixels)
    assert is_straight(cost)
    picture = draw_cost(cost, "two cores")
    assert picture.shape == (380, 900, 3)
    blue = (picture == (0, 0x72, 0xB2)).all(axis=2)
    assert blue[:, :450].any() and blue[:, 450:].any()  # the points, and the video's curve
    cost.add_photo(60, 30_000)
    assert not is_straight(cost)


def test_half_a_plot_is_drawn_too():
    assert draw_cost(Cost(), "nothing was measured").shape == (380, 900, 3)


def test_the_saved_plot_is_small_and_looks_the_same(tmp_path):
    generator = np.random.default_rng(5)
    cost = Cost(video_size="1280x720", frame_ms=list(generator.normal(23, 5, 300)))
    for megapixels in (1, 3, 6, 12, 25, 50):
        cost.add_photo(megapixels, 60 + 20 * megapixels)
    picture = draw_cost(cost, "CPU, 2 threads (no CUDA device), ONNX Runtime")
    save_plot(tmp_path / "cost.png", picture)
    assert (tmp_path / "cost.png").stat().st_size < 40_000
    difference = np.abs(open_image(tmp_path / "cost.png").astype(int) - picture)
    assert difference.mean() < 1 and np.percentile(difference, 99.9) < 32
