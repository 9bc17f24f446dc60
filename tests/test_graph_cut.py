"""Doubt goes to the side whose colours it has; where the colours do not tell, it stays."""

from concurrent.futures import ThreadPoolExecutor
from math import erf, sqrt

import cv2
import numpy as np
import pytest
import torch
from coats import COAT, EDGE, HEIGHT, WIDTH, scene
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from segmenter import graph_cut
from segmenter.graph_cut import decide_doubt, density, grab_cut, log_ratio


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
