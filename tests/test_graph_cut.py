"""Doubt goes to the side whose colours it has; where the colours do not tell, it stays."""

from concurrent.futures import ThreadPoolExecutor
from math import erf, sqrt

import cv2
import numpy as np
import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from segmenter import graph_cut
from segmenter.graph_cut import decide_doubt, density, grab_cut, log_ratio

HEIGHT, WIDTH, EDGE = 120, 160, 75  # the coat ends at this column
DOUBTFUL = (slice(None), slice(60, 92))
COAT, WALL = (40, 50, 140), (190, 180, 150)


def scene(coat=COAT, wall=WALL, *, scale=1, noise=6.0):
    """Show a coat beside a wall, and what the network says: doubt that crosses the edge."""
    probability = np.full((HEIGHT, WIDTH), 0.02, np.float32)
    probability[:, :60] = 0.98
    probability[DOUBTFUL] = np.linspace(0.65, 0.35, 32, dtype=np.float32)
    probability[:, 70:80] = 0.45  # half of it on either side: by itself it says nothing
    frame = np.empty((HEIGHT, WIDTH, 3))
    frame[:], frame[:, :EDGE] = wall, coat
    frame = frame.repeat(scale, 0).repeat(scale, 1)
    frame += np.random.default_rng(0).normal(0, noise, frame.shape)
    return probability, frame.clip(0, 255).astype(np.uint8)


def test_wide_doubt_is_cut_at_the_edge_between_the_colours():
    for scale in (1, 3):
        probability, frame = scene(scale=scale)
        found = decide_doubt(probability, frame)
        assert found.shape == probability.shape and found.dtype == np.float32
        # Where doubt ends it is decided by halves only.
        assert found[:, 64 : EDGE - 3].min() > 0.95 and found[:, :64].min() > 0.8
        assert found[:, EDGE + 3 : 88].max() < 0.05 and found[:, 88:].max() < 0.2
        assert (np.abs((found > 0.5).sum(axis=1) - EDGE) <= 1).all()


def test_the_outline_of_a_cut_is_soft():
    """A sharp edge under a Gaussian of .8 pixels, seen half a pixel to either side of it."""
    found = decide_doubt(*scene(noise=0))
    half_a_pixel_inside = (1 + erf(0.5 / 0.8 / sqrt(2))) / 2
    np.testing.assert_allclose(found[5:-5, EDGE - 1], half_a_pixel_inside, atol=0.02)
    np.testing.assert_allclose(found[5:-5, EDGE], 1 - half_a_pixel_inside, atol=0.02)


def test_a_cut_against_the_colours_does_not_count(monkeypatch):
    def contrary(*given):
        is_hers, models = grab_cut(*given)
        return ~is_hers, models

    monkeypatch.setattr(graph_cut, "grab_cut", contrary)
    probability, frame = scene()
    np.testing.assert_allclose(decide_doubt(probability, frame), probability, atol=1e-6)


def test_where_both_sides_have_the_same_colours_doubt_stays():
    probability, frame = scene(coat=COAT, wall=COAT)
    np.testing.assert_allclose(decide_doubt(probability, frame), probability, atol=0.1)


def test_what_the_network_is_sure_of_stays_whatever_its_colours():
    probability, frame = scene()
    probability[:, :45], probability[:, 110:] = 0.72, 0.28  # less sure, but no doubt
    frame[30:60, 120:150], frame[30:60, 10:40] = COAT, WALL
    found = decide_doubt(probability, frame)
    for sure in (slice(None, 54), slice(98, None)):
        np.testing.assert_allclose(found[:, sure], probability[:, sure], atol=1e-4)


def test_doubt_of_a_large_probability_is_decided_too():
    probability, frame = scene(scale=8)
    large = cv2.resize(probability, (8 * WIDTH, 8 * HEIGHT), interpolation=cv2.INTER_NEAREST)
    found = decide_doubt(large, frame)
    assert found.shape == large.shape
    assert found[:, 8 * 62 : 8 * (EDGE - 4)].min() > 0.95
    assert found[:, 8 * (EDGE + 4) : 8 * 88].max() < 0.05
    assert found.min() >= 0 and found.max() <= 1


def test_a_large_photo_is_cut_small(monkeypatch):
    """A cut's time grows faster than its pixels."""
    sizes = []

    def noted(picture, *given):
        sizes.append(picture.shape)
        return grab_cut(picture, *given)

    monkeypatch.setattr(graph_cut, "grab_cut", noted)
    probability, frame = scene(scale=8)
    decide_doubt(probability.repeat(8, 0).repeat(8, 1), frame)
    assert sizes == [(240, 320, 3)]


@pytest.mark.parametrize("count", [19, 20])
def test_a_few_doubtful_pixels_are_nothing_to_decide(count):
    probability, frame = scene()
    probability = np.where(probability > 0.5, np.float32(0.98), np.float32(0.02))
    probability[10 : 10 + count, 74] = 0.45
    assert (decide_doubt(probability, frame) is probability) == (count < 20)


@pytest.mark.parametrize("values", [(0.98, 0.02, 0.02), (0.98, 0.5, 0.98), (0.02, 0.5, 0.02)])
def test_without_doubt_or_without_a_sure_side_nothing_is_done(values):
    _, frame = scene()
    probability = np.empty((HEIGHT, WIDTH), np.float32)
    probability[:, :50], probability[:, 50:100], probability[:, 100:] = values
    before = probability.copy()
    assert decide_doubt(probability, frame) is probability
    np.testing.assert_array_equal(probability, before)


def test_thin_and_flat_pictures_are_no_fault():
    for height, width in ((1, 300), (300, 1), (2, 90), (400, 400)):
        ramp = np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)
        for value in (0, 255):
            found = decide_doubt(ramp, np.full((height, width, 3), value, np.uint8))
            assert np.isfinite(found).all() and found.shape == ramp.shape


def test_the_answer_is_the_same_whatever_was_drawn_at_random_before():
    generator = np.random.default_rng(3)
    frame = generator.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    probability, _ = scene()
    answers = []
    for seed in (1, 2, 3):
        cv2.setRNGSeed(seed)
        answers.append(decide_doubt(probability, frame))
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


def test_threads_at_once_get_the_answers_of_one():
    """OpenCV's random numbers are each thread's own."""
    generator = np.random.default_rng(5)
    frames = generator.integers(0, 256, (8, HEIGHT, WIDTH, 3), dtype=np.uint8)
    probability, _ = scene()
    alone = [decide_doubt(probability, frame) for frame in frames]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda frame: decide_doubt(probability, frame), frames))
    np.testing.assert_array_equal(together, alone)


def test_densities_are_those_of_a_mixture_of_gaussians():
    generator = np.random.default_rng(4)
    weights, means = generator.dirichlet(np.ones(5)), generator.uniform(0, 255, (5, 3))
    roots = generator.normal(0, 12, (5, 3, 3))
    covariances = roots @ roots.transpose(0, 2, 1) + 20 * np.eye(3)
    model = np.concatenate([weights, means.ravel(), (covariances - np.eye(3)).ravel()])[None]
    colours = (means + generator.normal(0, 10, (6, 5, 3))).reshape(-1, 3)
    mixture = MixtureSameFamily(
        Categorical(torch.tensor(weights)),
        MultivariateNormal(torch.tensor(means), torch.tensor(covariances)),
    )
    expected = mixture.log_prob(torch.tensor(colours)).exp().numpy() * (2 * np.pi) ** 1.5
    np.testing.assert_allclose(density(colours, model), expected, rtol=1e-6, atol=2e-12)


def test_opencvs_models_are_read_as_it_writes_them():
    """Their layout is nowhere told: two stripes on either side are four means."""
    picture = np.empty((40, 80, 3), np.uint8)
    colours = [(200, 30, 30), (220, 180, 40), (20, 90, 60), (30, 40, 160)]
    for stripe, colour in enumerate(colours):
        picture[:, 20 * stripe : 20 * stripe + 20] = colour
    person = np.zeros((40, 80), bool)
    person[:, :40] = True
    doubtful = np.zeros((40, 80), bool)
    doubtful[:, 38:42] = True
    is_hers, models = grab_cut(picture, person, doubtful)
    np.testing.assert_array_equal(is_hers, person)
    for model, own in zip(models, (colours[:2], colours[2:]), strict=True):
        weights, means = model[0, :5], model[0, 5:20].reshape(5, 3)
        assert weights.sum() == pytest.approx(1)
        found = {tuple(np.rint(mean).astype(int)) for mean in means[weights > 0]}
        assert found == set(own)
    ratios = log_ratio(np.array(colours, np.uint8), *models)
    assert (ratios[:2] > 5).all() and (ratios[2:] < -5).all()


def test_colours_that_neither_side_surely_has_go_to_the_more_probable_one():
    """Of four stripes the middle two are in doubt, each of a colour found nowhere else."""
    picture = np.empty((40, 80, 3), np.uint8)
    colours = [(200, 30, 30), (220, 180, 40), (20, 90, 60), (30, 40, 160)]
    for stripe, colour in enumerate(colours):
        picture[:, 20 * stripe : 20 * stripe + 20] = colour
    person, doubtful = np.zeros((2, 40, 80), bool)
    person[:, :40] = doubtful[:, 20:60] = True
    is_hers, _ = grab_cut(picture, person, doubtful)
    np.testing.assert_array_equal(is_hers, person)
