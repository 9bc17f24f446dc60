import cv2
import numpy as np
import pytest
from drawn import as_array, as_tensor, devices, soft, texture

from segmenter import resample
from segmenter.gpu import filters, resize

# Halved, interpolated, both, and sides that are odd and more than twice as long.
SIZES = [((96, 128), (48, 64)), ((96, 128), (37, 50)), ((90, 160), (21, 37)), ((91, 161), (20, 36))]


@devices
@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_levels_shrink_as_on_the_cpu(device, size, wanted):
    """OpenCV interpolates levels in whole numbers, which rounds some differently."""
    picture = texture(*size)
    found = as_array(resize.shrink_to(as_tensor([picture], device), *wanted))[0]
    expected = resample.shrink_to(picture, *wanted)
    assert found.dtype == np.uint8 and found.shape == expected.shape
    difference = np.abs(found.astype(int) - expected)
    assert difference.max() <= 1 and (difference == 0).mean() > 0.8


@devices
@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_floats_shrink_as_on_the_cpu(device, size, wanted):
    coverage = soft(*size)
    found = as_array(resize.shrink_to(as_tensor([coverage], device), *wanted))[0]
    np.testing.assert_allclose(found, resample.shrink_to(coverage, *wanted), atol=1e-5)


@devices
def test_a_smaller_one_of_a_shared_pyramid_is_the_same(device):
    pictures = as_tensor([texture(96, 128)], device)
    base = resize.halve_towards(pictures, 40, 60)
    assert base.shape[-2:] == (48, 64)
    for wanted in ((37, 50), (12, 16), (11, 15)):
        found = resize.shrink_to(base, *wanted)
        assert (found == resize.shrink_to(pictures, *wanted)).all()


@devices
def test_enlarging_is_the_same(device):
    coverage, picture = soft(9, 16), texture(9, 16)
    found = as_array(resize.enlarge(as_tensor([coverage], device), 90, 133))[0]
    np.testing.assert_allclose(found, resample.enlarge(coverage, 90, 133), atol=1e-5)
    levels = as_array(resize.enlarge(as_tensor([picture], device), 90, 133))[0]
    assert np.abs(levels.astype(int) - resample.enlarge(picture, 90, 133)).max() <= 1


@devices
@pytest.mark.parametrize("window", [3, 7, 13, 37])
def test_box_blur(device, window):
    """The widest window is more than twice as high as the picture, whose border is mirrored."""
    coverage = soft(15, 40)
    found = as_array(filters.blur(as_tensor([coverage], device), window))[0]
    np.testing.assert_allclose(found, cv2.blur(coverage, (window, window)), atol=1e-5)


@devices
@pytest.mark.parametrize("sigma", [0.6, 1.5, 4.0, 12.0])
def test_gaussian_blur(device, sigma):
    coverage = soft(30, 40)
    found = as_array(filters.gaussian_blur(as_tensor([coverage], device), sigma))[0]
    np.testing.assert_allclose(found, cv2.GaussianBlur(coverage, (0, 0), sigma), atol=1e-5)


@devices
def test_matrices_of_blurs_are_not_kept_for_ever(device):
    coverage = as_tensor([soft(15, 40)], device)
    for step in range(filters.MOST_BLURS + 5):
        filters.gaussian_blur(coverage, 1 + step / 10)
    assert filters._recent.cache_info().currsize <= filters.MOST_BLURS


@devices
@pytest.mark.parametrize("wanted", [(10, 13), (30, 40), (7, 40), (1, 1)])
def test_averages_over_parts_of_pixels(device, wanted):
    coverage = soft(30, 40)
    found = as_array(filters.area_resize(as_tensor([coverage], device), *wanted))[0]
    expected = cv2.resize(coverage, wanted[::-1], interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@devices
@pytest.mark.parametrize("reach", [0, 1, 2, 5, 17])
def test_dilation(device, reach):
    values = np.random.default_rng(reach).normal(size=(40, 60)).astype(np.float32)
    size = (2 * reach + 1, 2 * reach + 1)
    square = as_array(filters.dilate(as_tensor([values], device), size[0]))[0]
    np.testing.assert_array_equal(square, cv2.dilate(values, np.ones(size, np.uint8)))
    disc = as_array(filters.dilate_round(as_tensor([values], device), reach))[0]
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size)
    np.testing.assert_array_equal(disc, cv2.dilate(values, ellipse))


def test_a_line_of_one_pixel_is_blurred_too():
    np.testing.assert_allclose(filters.box_matrix(1, 7), [[1]], rtol=1e-6)
