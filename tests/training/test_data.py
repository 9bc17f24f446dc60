import numpy as np
import pytest
import torch

from segmenter.errors import InvalidDataset
from segmenter.training.data import FromSample, PersonDataset, choose_size


def make(data, **options) -> PersonDataset:
    return PersonDataset(data, **{"size": 96, "batch_size": 4, "seed": 5} | options)


def test_a_sample_depends_on_seed_and_number_alone(data):
    first, again, other = make(data)[7], make(data)[7], make(data, seed=6)[7]
    for mine, theirs in zip(first, again, strict=True):
        assert torch.equal(mine, theirs)
    assert first[0].shape != other[0].shape or not torch.equal(first[0], other[0])


def test_a_batch_shares_a_size_that_the_network_takes(data):
    dataset = make(data)
    for start in (0, 4, 8, 12):
        shapes = {dataset[start + k][0].shape for k in range(4)}
        assert len(shapes) == 1
        _, height, width = shapes.pop()
        assert height % 32 == width % 32 == 0


def test_sizes_keep_the_area():
    areas = [np.prod(choose_size(index, 1, 256)) for index in range(200)]
    assert 0.85 < np.median(areas) / 256**2 < 1.15
    assert len({choose_size(index, 1, 256) for index in range(200)}) > 5


def test_image_and_mask_are_moved_together(data):
    """The discs are redder than anything else: the mask must lie on the red, if colours allow."""
    dataset = make(data)
    agreements = []
    for index in range(40):
        image, mask, counts = dataset[index]
        assert image.dtype == mask.dtype == counts.dtype == torch.uint8
        red = image[0].float() - image[2].float()
        person, ground = mask[0] > 200, (mask[0] < 50) & (counts[0] > 0)
        if person.sum() > 50 and ground.sum() > 50:
            agreements.append(bool(red[person].mean() > red[ground].mean()))
    assert len(agreements) > 15
    assert np.mean(agreements) > 0.9


def test_without_leaves_a_source_out(data):
    with pytest.raises(InvalidDataset, match="no source"):
        make(data, without=("portraits",))


def test_a_resumed_run_starts_where_it_stopped():
    assert list(FromSample(5, 9)) == [5, 6, 7, 8]
    assert len(FromSample(9, 5)) == 0
