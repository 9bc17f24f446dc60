import torch
from torch.nn import functional

from segmenter.nets.unpooling import pool, unpool


def test_it_does_what_pytorchs_own_pair_does():
    features = torch.randn(2, 5, 8, 12)
    expected, places = functional.max_pool2d(features, 2, return_indices=True)
    maxima, marks = pool(features)
    assert torch.equal(maxima, expected)
    values = torch.randn_like(maxima)
    assert torch.equal(unpool(values, marks), functional.max_unpool2d(values, places, 2))


def test_each_window_gets_its_value_once_even_where_all_are_equal():
    maxima, marks = pool(torch.zeros(1, 3, 4, 4))
    assert torch.equal(marks.sum(dim=2), torch.ones(1, 3, 2, 2))
    assert unpool(torch.ones_like(maxima), marks).sum() == 12


def test_only_the_maximum_learns():
    features = torch.tensor([[[[1.0, 2.0], [4.0, 3.0]]]], requires_grad=True)
    pool(features)[0].sum().backward()
    assert features.grad.tolist() == [[[[0.0, 0.0], [1.0, 0.0]]]]
