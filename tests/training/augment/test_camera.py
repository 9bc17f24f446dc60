import importlib
import sys

import numpy as np
import pytest
import torch

from segmenter.errors import MissingExtra
from segmenter.training.augment import camera
from segmenter.training.augment.views import Sample

GREY = torch.full((3, 64, 48), 128, dtype=torch.uint8)


def test_the_camera_keeps_shape_and_type():
    image = torch.randint(0, 256, (3, 65, 47), dtype=torch.uint8)
    for seed in range(20):
        taken = camera.simulate_camera(image, np.random.default_rng(seed))
        assert taken.shape == image.shape and taken.dtype == torch.uint8
        assert taken.is_contiguous()


def test_light_goes_from_dark_to_bright():
    means = [
        float(camera.expose(GREY, np.random.default_rng(seed)).float().mean()) for seed in range(80)
    ]
    assert min(means) < 40 and max(means) > 150


def test_a_veil_of_light_brightens_and_takes_contrast_away():
    bars = torch.zeros(3, 60, 80, dtype=torch.uint8)
    bars[:, :, ::2] = 200
    veiled = [camera.flare(bars, np.random.default_rng(seed)).float() for seed in range(40)]
    for taken in veiled:
        assert taken.shape == bars.shape and (taken >= bars).all()
        assert taken[:, :, ::2].mean() - taken[:, :, 1::2].mean() < 199
    assert max(float(taken[:, :, 1::2].mean()) for taken in veiled) > 100
    where = [divmod(int(taken[0, :, 1::2].argmax()), 40) for taken in veiled]
    assert len(set(where)) > 30, "the lamp is anywhere"
    white = torch.full((3, 6, 8), 255, dtype=torch.uint8)
    assert (camera.flare(white, np.random.default_rng(1)) == 255).all()


def test_more_light_has_more_noise_and_less_of_it_by_proportion():
    """Photons are counted: the deviation grows, but slower than the light."""
    image = torch.cat([torch.full((3, 64, 200), level) for level in (60, 160)], dim=1)
    ratios = []
    for seed in range(150):
        taken = camera.expose(image.to(torch.uint8), np.random.default_rng(seed)).float()
        dark, bright = taken[1, :64], taken[1, 64:]
        if bright.max() < 255 and dark.min() > 0 and dark.std() > 2:
            ratios.append(bright.std() / dark.std() < bright.mean() / dark.mean())
    assert len(ratios) > 10 and np.mean(ratios) > 0.9


def test_white_balance_goes_warm_and_cold():
    gains = np.array([camera.white_balance(np.random.default_rng(seed)) for seed in range(300)])
    assert gains.dtype == np.float32
    np.testing.assert_allclose(gains[:, 0] * gains[:, 2], 1, rtol=1e-5)
    warmth = np.log(gains[:, 0])
    assert abs(warmth.mean()) < 0.03 and 0.1 < warmth.std() < 0.14


@pytest.mark.parametrize("shape", [(3, 64, 48), (3, 65, 47)])
def test_noise_has_deviation_1(shape):
    for seed in range(12):
        noise = camera.random_noise(torch.Size(shape), np.random.default_rng(seed))
        assert noise.shape == shape
        assert 0.9 < float(noise.std()) < 1.1


def test_lost_detail_keeps_the_light():
    board = (255 * (torch.arange(64)[:, None] + torch.arange(48)) % 2).to(torch.uint8)
    board = (board * 255).expand(3, 64, 48)
    soft = camera.lose_detail(board, 0.5)
    assert soft.float().std() < 0.3 * board.float().std()
    assert abs(float(soft.float().mean() - board.float().mean())) < 3


def test_compression_costs_more_at_a_lower_quality():
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 64, 48), dtype=np.uint8))
    errors = [
        float((camera.compress(image, quality).float() - image.float()).abs().mean())
        for quality in (35, 65, 95)
    ]
    assert errors[0] > errors[1] > errors[2] > 0


def test_compression_keeps_the_order_of_colours():
    red = torch.zeros(3, 64, 48, dtype=torch.uint8)
    red[0] = 200
    assert camera.compress(red, 90).float().mean(dim=(1, 2)).argmax() == 0


def test_motion_is_a_line_of_sum_1_through_the_middle():
    for seed in range(30):
        kernel = camera.random_motion(256, np.random.default_rng(seed))
        assert kernel.sum() == pytest.approx(1)
        assert max(kernel.shape) <= 0.05 * 256 + 2
        np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-6)


def test_shaking_softens_picture_and_mask_alike():
    """The picture shows the mask: after the shake it still does."""
    mask = np.zeros((128, 128), np.uint8)
    mask[40:90, 30:100] = 255
    sample = Sample(np.repeat(mask[..., None], 3, axis=2), mask, np.ones_like(mask))
    softened = 0
    for seed in range(10):
        shaken = camera.shake(sample, np.random.default_rng(seed))
        np.testing.assert_array_equal(shaken.image[..., 0], shaken.mask)
        softened += bool(((shaken.mask > 20) & (shaken.mask < 235)).any())
    assert softened == 10


def test_a_shake_brings_in_nothing_from_beyond_the_photo_that_counts():
    """Beyond it the picture goes on, but not the mask."""
    counts = np.zeros((128, 128), np.uint8)
    counts[:64] = 1
    image = np.full((128, 128, 3), 255, np.uint8)
    sample = Sample(image, 255 * counts, counts)
    for seed in range(10):
        shaken = camera.shake(sample, np.random.default_rng(seed))
        assert shaken.counts.any() and shaken.mask[shaken.counts == 1].min() == 255


def test_without_torchvision_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision.transforms", None)
    monkeypatch.delitem(sys.modules, "segmenter.training.augment.camera")
    with pytest.raises(MissingExtra, match="pip install torchvision"):
        importlib.import_module("segmenter.training.augment.camera")
