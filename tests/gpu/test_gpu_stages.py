"""Each full-size stage against its counterpart on the CPU.

OpenCV reads between pixels at 32nds of a pixel and rounds levels in whole numbers, the device in
floats; so most pixels agree within one level of 255, and some, on steep edges, within a few.
"""

import cv2
import numpy as np
import pytest
import torch
from drawn import as_array, as_tensor, devices, differences, portrait, soft, texture

from segmenter import composite, foreground, temporal
from segmenter.background.blur import blur_without
from segmenter.closeup import WHOLE
from segmenter.gpu import blur, steady
from segmenter.gpu import composite as gpu_composite
from segmenter.gpu import foreground as gpu_foreground
from segmenter.gpu import refine as gpu_refine
from segmenter.motion import Motion
from segmenter.refine import VIDEO, RefineOptions, adjust, guided, refine
from segmenter.refine.alpha import band_weight
from segmenter.resample import shrink, shrink_to

FRAME, PROBABILITY = portrait(360, 640)
OTHER_FRAME, OTHER_PROBABILITY = portrait(360, 640, left=0.1, seed=9)


def outline_of(frames, probabilities, device):
    """What the CPU finds on small pictures, on the device."""
    coarse = [shrink(probability, VIDEO.long_side) for probability in probabilities]
    guides = [shrink_to(frame, *small.shape) for frame, small in zip(frames, coarse, strict=True)]
    details = [VIDEO.for_people(small > 0.5) for small in coarse]
    bands = [band_weight(*each) for each in zip(coarse, details, strict=True)]
    epsilons = [
        guided.epsilon_map(guide, band > 0) for guide, band in zip(guides, bands, strict=True)
    ]
    return gpu_refine.Outline(
        as_tensor(guides, device),
        as_tensor(coarse, device),
        as_tensor(bands, device),
        as_tensor(epsilons, device),
        [detail.radius for detail in details],
    )


@devices
def test_the_fit_is_that_of_the_cpu(device):
    outline = outline_of([FRAME], [PROBABILITY], device)
    parts = (outline.guide, outline.probability, outline.epsilon)
    found = as_array(gpu_refine.fit_to_colours(*parts, VIDEO.radius))[0]
    expected = guided.fit_to_colours(*(as_array(part)[0] for part in parts), VIDEO.radius)
    scale = np.array([255, 255, 255, 1])  # of slopes and offsets, both in alpha
    assert np.abs((found - expected) * scale).max() < 0.01
    assert np.abs(expected * scale).max() > 1


@devices
@pytest.mark.parametrize(
    "options",
    [
        RefineOptions(),
        RefineOptions(edge_strength=0),
        RefineOptions(edge_strength=0.4),
        RefineOptions(shift_px=3.3),
        RefineOptions(shift_px=-2),
        RefineOptions(shift_px=20),
        RefineOptions(feather_px=2.5),
        RefineOptions(edge_strength=0.7, shift_px=-1.25, feather_px=1.0),
    ],
    ids=str,
)
def test_refinement(device, options):
    frames, probabilities = [FRAME, OTHER_FRAME], [PROBABILITY, OTHER_PROBABILITY]
    tensors = as_tensor(frames, device), outline_of(frames, probabilities, device)
    found = gpu_refine.adjust(gpu_refine.refine(*tensors, options), options)
    pairs = zip(*map(as_array, found), strict=True)
    for (shown, hers), frame, probability in zip(pairs, frames, probabilities, strict=True):
        coarse = shrink(probability, VIDEO.long_side)
        expected = adjust(refine(coarse, frame, options, detail=VIDEO), options)
        for alpha, wanted in zip((shown, hers), expected, strict=True):
            assert alpha.dtype == np.float32 and alpha.min() >= 0 and alpha.max() <= 1
            apart = differences(alpha, wanted)
            assert np.percentile(apart, 99) <= 1 and apart.max() <= 8


@devices
def test_each_frame_is_refined_in_windows_for_its_people(device):
    thin = np.zeros_like(PROBABILITY)
    thin[100:300, 200:212] = 1
    frames, probabilities = [FRAME, OTHER_FRAME, FRAME], [PROBABILITY, thin, PROBABILITY]
    outline = outline_of(frames, probabilities, device)
    assert outline.radii == [VIDEO.radius, 2, VIDEO.radius]
    found = as_array(gpu_refine.refine(as_tensor(frames, device), outline, RefineOptions()))
    for alpha, frame, probability in zip(found, frames, probabilities, strict=True):
        coarse = shrink(probability, VIDEO.long_side)
        apart = differences(alpha, refine(coarse, frame, detail=VIDEO, parts=[WHOLE]))
        assert np.percentile(apart, 99) <= 1 and apart.max() <= 8


@devices
def test_nobody_has_no_outline(device):
    nobody = np.full(PROBABILITY.shape, 0.02, np.float32)
    outline = outline_of([FRAME], [nobody], device)
    found = gpu_refine.refine(as_tensor([FRAME], device), outline, RefineOptions())
    assert not found.any()


@devices
def test_the_persons_own_colours(device):
    frames = [FRAME, OTHER_FRAME]
    alphas = [cv2.GaussianBlur(p, (0, 0), 3) for p in (PROBABILITY, OTHER_PROBABILITY)]
    shown = [cv2.GaussianBlur(alpha, (0, 0), 6) for alpha in alphas]
    tensors = (as_tensor(given, device) for given in (frames, alphas, shown))
    found = as_array(gpu_foreground.estimate_foreground(*tensors))
    for picture, frame, alpha, visible in zip(found, frames, alphas, shown, strict=True):
        expected = foreground.estimate_foreground(frame, alpha, shown=visible)
        apart = differences(picture, expected)
        assert np.percentile(apart, 99) <= 1 and apart.max() <= 3
        changed = (expected != frame).any(axis=2)
        assert changed.mean() > 0.05 and (picture == frame)[~changed].mean() > 0.999


@devices
def test_composites_and_cut_outs(device):
    alpha, behind = soft(90, 160), texture(90, 160, seed=4)
    alpha[:20], alpha[-20:] = 0, 1
    front = texture(90, 160)
    tensors = as_tensor([front], device).half(), as_tensor([alpha], device)
    found = gpu_composite.over(*tensors, as_tensor([behind], device)).cpu().numpy()
    assert found.dtype == np.uint8 and found.shape == (1, 90, 160, 3)
    assert differences(found[0], composite.over(front, alpha, behind)).max() <= 1
    np.testing.assert_array_equal(found[0, :20], behind[:20])
    np.testing.assert_array_equal(found[0, -20:], front[-20:])
    cutout = gpu_composite.cut_out(*tensors, as_tensor([behind], device)).cpu().numpy()
    expected = composite.without_background(composite.cut_out(front, alpha), behind)
    np.testing.assert_array_equal(cutout[0], expected)


@devices
@pytest.mark.parametrize("radius_px", [1.0, 6.0, 40.0])
def test_blurred_rooms(device, radius_px):
    alphas = [cv2.GaussianBlur(p, (0, 0), 2) for p in (PROBABILITY, OTHER_PROBABILITY)]
    frames = [FRAME, OTHER_FRAME]
    tensors = as_tensor(frames, device), as_tensor(alphas, device)
    found = as_array(blur.blur_without(*tensors, radius_px))
    for picture, frame, alpha in zip(found, frames, alphas, strict=True):
        expected = blur_without(frame, alpha, radius_px)
        apart = differences(picture, expected)
        assert np.percentile(apart, 99) <= 1 and apart.max() <= 3


@devices
def test_steadied_alphas(device):
    """In batches of three and two, with a cut before the fourth frame."""
    size, small = (180, 320), (90, 160)
    generator = np.random.default_rng(5)
    alphas = [np.clip(soft(*size) + generator.normal(0, 0.1), 0, 1) for _ in range(5)]
    alphas = [alpha.astype(np.float32) for alpha in alphas]
    still, nothing = np.zeros((*small, 2), np.float32), np.zeros(small, np.float32)
    motions = [Motion(still, nothing, 0.8 * soft(*small, 30 + i)) for i in range(5)]
    motions[0] = motions[3] = None
    on_cpu = temporal.AlphaSteadier()
    expected = [on_cpu(*pair) for pair in zip(alphas, motions, strict=True)]
    weights = [nothing if motion is None else motion.calm_weight for motion in motions]
    on_device, found = steady.AlphaSteadier(), []
    for part in (slice(0, 3), slice(3, 5)):
        weight = as_tensor(weights[part], device)
        found += list(as_array(on_device(as_tensor(alphas[part], device), weight)))
    apart = differences(np.array(found), np.array(expected))
    assert np.percentile(apart, 99) <= 1 and apart.max() <= 3
    assert differences(np.array(expected), np.array(alphas))[[1, 2, 4]].max() > 10
    np.testing.assert_array_equal(found[3], alphas[3])


@devices
def test_another_size_begins_anew(device):
    on_device = steady.AlphaSteadier()
    for size in ((90, 160), (60, 60)):
        alpha = as_tensor([soft(*size)], device)
        found = on_device(alpha, torch.full((1, 1, 9, 9), 0.8).to(device))
        torch.testing.assert_close(found, alpha)
