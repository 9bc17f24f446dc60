import numpy as np
import pytest

from segmenter import metrics


def square(top: int, left: int, side: int = 40, size: int = 100) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[top : top + side, left : left + side] = True
    return mask


NOBODY = np.zeros((100, 100), bool)


def test_iou_of_squares_overlapping_by_half():
    # 40x40 squares moved by 20: 800 common pixels of 2400.
    assert metrics.iou(square(10, 10), square(10, 30)) == 800 / 2400


def test_dice_of_squares_overlapping_by_half():
    assert metrics.dice(square(10, 10), square(10, 30)) == 2 * 800 / 3200


def test_empty_against_empty_is_one():
    assert metrics.iou(NOBODY, NOBODY) == metrics.dice(NOBODY, NOBODY) == 1
    assert metrics.boundary_f(NOBODY, NOBODY) == metrics.boundary_f(~NOBODY, ~NOBODY) == 1
    assert metrics.iou(NOBODY, square(0, 0)) == metrics.boundary_f(NOBODY, square(0, 0)) == 0


def test_nobody_against_a_person_who_fills_the_picture_is_zero():
    """Neither has a contour."""
    assert metrics.boundary_f(NOBODY, ~NOBODY) == metrics.boundary_iou(NOBODY, ~NOBODY) == 0


def test_miou_is_the_mean_of_both_sides():
    first, second = square(10, 10), square(10, 30)
    assert metrics.miou(first, second) == pytest.approx((800 / 2400 + 7600 / 9200) / 2)


def test_boundary_f_forgives_up_to_the_tolerance():
    # 0.5 % of the diagonal of 100x100 is under a pixel: the floor of 2 pixels holds.
    assert metrics.boundary_f(square(30, 30), square(30, 32)) == 1
    moved_far = metrics.boundary_f(square(30, 30), square(30, 35))
    # Left and right sides are wrong; top and bottom still agree.
    assert 0.4 < moved_far < 0.7


def test_the_tolerance_is_a_distance_in_every_direction():
    """A diagonal step of 5 pixels is 7.07 long, one of 3 down and 6 across 6.71."""
    truth = np.zeros((1000, 1000), bool)
    assert metrics.boundary_tolerance_px(*truth.shape) == 7
    truth[500, 500] = True
    assert metrics.boundary_f(np.roll(truth, (3, 6), axis=(0, 1)), truth) == 1
    assert metrics.boundary_f(np.roll(truth, (5, 5), axis=(0, 1)), truth) == 0


def test_the_pictures_edge_is_no_contour():
    assert metrics.contour(np.ones((5, 5), bool)).sum() == 0
    half = np.zeros((5, 5), bool)
    half[:, :2] = True
    assert metrics.contour(half).sum() == 5


def test_boundary_iou_of_a_square_and_itself():
    assert metrics.boundary_iou(square(10, 10), square(10, 10)) == 1
    assert metrics.boundary_iou(square(10, 10), square(55, 55)) == 0


def test_mad_counts_alpha():
    assert metrics.mad(np.full((2, 2), 0.25, np.float32), np.zeros((2, 2), np.float32)) == 0.25


def test_flicker_looks_only_where_the_truth_is_still():
    truths = np.zeros((2, 1, 4), np.float32)
    truths[1, 0, 0] = 1  # she moves into the first pixel
    alphas = np.array([[[0, 0, 0, 0]], [[1, 0.3, 0, 0]]], np.float32)
    assert metrics.flicker(alphas, truths) == pytest.approx(0.1)


def test_sums_and_means_of_alpha_errors():
    alpha, truth = np.zeros((50, 40), np.float32), np.zeros((50, 40), np.float32)
    alpha[:10] = 0.5  # 400 of 2000 pixels
    assert metrics.sad(alpha, truth) == pytest.approx(400 * 0.5 / 1000)
    assert metrics.mse(alpha, truth) == pytest.approx(400 * 0.25 / 2000)
    assert metrics.mad(alpha, truth) == pytest.approx(400 * 0.5 / 2000)


def plain_gradient_length(alpha: np.ndarray) -> np.ndarray:
    """The benchmark, in loops: a filter of 9x9, at whose edge the bell is under 0.01."""
    sigma, reach = 1.4, 4
    kernel = np.zeros((9, 9))
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):
            bell = np.exp(-(row**2 + column**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)
            kernel[row + reach, column + reach] = -column / sigma**2 * bell
    kernel /= np.sqrt((kernel**2).sum())
    padded = np.pad(alpha.astype(np.float64), reach, mode="edge")
    lengths = np.zeros(alpha.shape)
    for row, column in np.ndindex(alpha.shape):
        window = padded[row : row + 9, column : column + 9]
        lengths[row, column] = np.hypot((window * kernel).sum(), (window * kernel.T).sum())
    return lengths


def test_gradient_error_is_the_benchmarks():
    alpha, truth = np.random.default_rng(0).random((2, 20, 30), np.float32)
    difference = plain_gradient_length(alpha) - plain_gradient_length(truth)
    expected = (difference**2).sum() / 1000
    assert metrics.gradient_error(alpha, truth) == pytest.approx(expected, rel=1e-4)


def test_gradient_error_sees_a_blurred_edge_and_not_a_lower_alpha():
    truth = square(30, 30).astype(np.float32)
    moved = square(30, 34).astype(np.float32)
    assert metrics.gradient_error(np.full_like(truth, 0.3), np.ones_like(truth)) < 1e-9
    blurred = (truth + np.roll(truth, 1, axis=1) + np.roll(truth, -1, axis=1)) / 3
    assert 0 < metrics.gradient_error(blurred, truth) < metrics.gradient_error(moved, truth)


def test_spill_is_the_distance_in_lab_along_the_outline():
    truth = square(30, 30).astype(np.float32)
    black, red = np.zeros((100, 100, 3), np.uint8), np.zeros((100, 100, 3), np.uint8)
    red[..., 0] = 255
    assert metrics.spill(black, np.full_like(black, 255), truth) == pytest.approx(100, abs=0.1)
    # sRGB's red in CIELAB under D65, from tables: 53.24, 80.09, 67.20.
    assert metrics.spill(black, red, truth) == pytest.approx(
        np.sqrt(53.24**2 + 80.09**2 + 67.20**2), abs=0.2
    )


def test_spill_looks_at_the_outline_only():
    truth = square(30, 30).astype(np.float32)
    truth[80:82, 80:82] = 0.2  # a wisp of hair without a contour
    inside, black = np.zeros((2, 100, 100, 3), np.uint8)
    inside[34:66, 34:66] = 255  # 4 pixels from the contour, which is 30 and 69
    assert metrics.spill(inside, black, truth) == 0
    wisp = black.copy()
    wisp[80:82, 80:82] = 255
    # Rings of 3 outside the square and of 4 inside it, whose outermost is the contour.
    band = 3 * 4 * 40 + 40**2 - 32**2 + corners_within(3) * 4
    assert metrics.spill(wisp, black, truth) == pytest.approx(100 * 4 / (band + 4), rel=1e-3)
    assert metrics.spill(inside, black, np.zeros((100, 100), np.float32)) == 0


def corners_within(reach: int) -> int:
    """Count the pixels beyond a square's corner that lie within `reach` of it."""
    return sum(
        down**2 + across**2 <= reach**2
        for down in range(1, reach + 1)
        for across in range(1, reach + 1)
    )


def stepped(responses: list[float], *, rises: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """A clip whose left half steps after two frames, and alphas that follow by these shares."""
    truths = np.zeros((2 + len(responses), 4, 6), np.float32)
    truths[2:, :, :3] = 1
    alphas = truths.copy()
    alphas[2:, :, :3] *= np.array(responses, np.float32)[:, None, None]
    return (alphas, truths) if rises else (1 - alphas, 1 - truths)


@pytest.mark.parametrize("rises", [True, False])
@pytest.mark.parametrize(
    ("responses", "frames"),
    [([1, 1, 1], 0), ([0.5, 0.89, 0.95], 2), ([0, 0, 0.5], np.inf)],
)
def test_lag_counts_frames_until_most_of_a_step_is_made(responses, frames, rises):
    assert metrics.lag(*stepped(responses, rises=rises)) == frames


def test_lag_ignores_pixels_that_step_again_and_clips_without_a_step():
    alphas, truths = stepped([0.5, 1, 1])
    truths[4:, :, :2] = 0  # only a third of the step stays
    alphas[2:, :, :2] = 0
    assert metrics.lag(alphas, truths) == 1
    assert metrics.lag(alphas[:2], truths[:2]) == 0
