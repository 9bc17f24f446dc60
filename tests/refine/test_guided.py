import cv2
import numpy as np

from segmenter.refine.guided import (
    CANNY_BLUR_PX,
    CANNY_HIGH,
    CANNY_LOW,
    canny_edges,
    epsilon_map,
    fit_in_band,
    fit_to_colours,
    solve_symmetric,
)

ROW, COLUMN = 170, 130


def test_canny_finds_a_red_disc_before_a_green_wall_as_bright():
    rows, columns = np.mgrid[:320, :320]
    inside = np.hypot(rows - ROW, columns - COLUMN) < 90
    picture = np.where(inside[..., None], [200, 60, 80], [60, 131, 80]).astype(np.uint8)
    grey = picture @ np.array([0.299, 0.587, 0.114])
    assert np.ptp(grey) < 2  # grey alone would see nothing
    rows, columns = np.nonzero(canny_edges(picture))
    distance = np.hypot(rows - ROW, columns - COLUMN)
    assert len(rows) > 400
    assert np.abs(distance - 90).max() < 3


def test_canny_sees_the_steepest_channel_as_opencv_does():
    colours = np.random.default_rng(8).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = cv2.resize(colours, (120, 90), interpolation=cv2.INTER_CUBIC)
    smooth = cv2.GaussianBlur(picture, (0, 0), CANNY_BLUR_PX)
    expected = cv2.Canny(smooth, CANNY_LOW, CANNY_HIGH, L2gradient=True) > 0
    assert 0.01 < expected.mean() < 0.5
    np.testing.assert_array_equal(canny_edges(picture), expected)


def test_an_alpha_that_is_linear_in_colour_is_found_again():
    generator = np.random.default_rng(5)
    guide = generator.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    alpha = (guide / 255 @ np.array([0.5, 0.2, 0.1]) + 0.1).astype(np.float32)
    fit = fit_to_colours(guide, alpha, np.full((40, 60), 1e-6, np.float32), 5)
    np.testing.assert_allclose(
        255 * fit[..., :3], np.broadcast_to([0.5, 0.2, 0.1], (40, 60, 3)), atol=0.01
    )
    np.testing.assert_allclose(fit[..., 3], 0.1, atol=0.01)


def test_in_the_band_the_fit_is_that_of_the_whole_picture():
    """Though it is made on a part alone."""
    generator = np.random.default_rng(6)
    guide = generator.integers(100, 104, (90, 120, 3), dtype=np.uint8)  # too faint for edges
    coarse = generator.random((90, 120), dtype=np.float32)
    band = np.zeros((90, 120), bool)
    band[30:50, 70:80] = True
    part = fit_in_band(guide, coarse, band, 4)[band]
    whole = fit_to_colours(guide, coarse, epsilon_map(guide, band), 4)[band]
    levels = np.array([255, 255, 255, 1])
    np.testing.assert_allclose(levels * part, levels * whole, rtol=1e-3, atol=1e-3)


def test_the_solver_agrees_with_numpy():
    generator = np.random.default_rng(3)
    roots = generator.normal(size=(5, 4, 3, 3)).astype(np.float32)
    matrices = roots @ roots.transpose(0, 1, 3, 2)
    right = generator.normal(size=(5, 4, 3)).astype(np.float32)
    ridge = np.full((5, 4), 0.1, np.float32)
    upper = [matrices[..., i, j] for i in range(3) for j in range(i, 3)]
    expected = np.linalg.solve(matrices + 0.1 * np.eye(3, dtype=np.float32), right[..., None])
    np.testing.assert_allclose(
        np.stack(solve_symmetric(upper, ridge, list(np.moveaxis(right, 2, 0))), axis=2),
        expected[..., 0],
        rtol=2e-3,
        atol=2e-3,
    )
