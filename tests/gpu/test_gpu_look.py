"""What the network says of frames on a device, and of their mirror images."""

import numpy as np
import pytest
import torch

from segmenter.gpu.look import Looker
from segmenter.inference import Segmenter

HEIGHT, WIDTH = 64, 96


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(backend="torch", device="cpu")


def test_who_is_seen_one_way_alone_counts_in_frames_where_else_nobody_would_be(
    segmenter, monkeypatch
):
    looker = Looker(segmenter.backend, segmenter.weights)
    looks = iter(([0.01, 0.11, 0.9], [0.9, 0.99, 0.01]))  # of three frames
    monkeypatch.setattr(
        looker,
        "_person_in",
        lambda seen: torch.tensor(next(looks))[:, None, None, None].expand(3, 1, *seen.shape[-2:]),
    )
    found = looker.probability(torch.zeros(3, 3, HEIGHT, WIDTH, dtype=torch.uint8), HEIGHT, WIDTH)
    np.testing.assert_allclose(found[:, 0, 5, 7], [0.9, 0.55, 0.9])
    assert found.shape == (3, 1, HEIGHT, WIDTH)


def test_it_sees_as_the_cpu_does_both_ways(segmenter):
    generator = np.random.default_rng(4)
    frame = generator.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    frame[20:, 30:60] = (200, 150, 120)
    pixels = torch.from_numpy(frame).permute(2, 0, 1)[None]
    with torch.inference_mode():
        looker = Looker(segmenter.backend, segmenter.weights)
        found = looker.probability(pixels, HEIGHT, WIDTH)[0, 0].numpy()
    np.testing.assert_allclose(found, segmenter.both_ways(frame, WIDTH), atol=0.02)
    assert np.abs(found - segmenter.probability(frame, WIDTH)).max() > 0.05
