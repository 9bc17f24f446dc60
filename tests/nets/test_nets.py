import pytest
import torch

from segmenter.errors import InvalidInput
from segmenter.nets import ARCHITECTURES, build

NETS = sorted(ARCHITECTURES)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("size", [(64, 96), (33, 47), (128, 32)])
def test_logits_have_the_inputs_size(name, size):
    with torch.inference_mode():
        logits = build(name).eval()(torch.zeros(1, 3, *size))
    assert logits.shape == (1, 1, *size)


@pytest.mark.parametrize("name", NETS)
def test_gradients_reach_every_parameter(name):
    net = build(name).train()
    net(torch.randn(2, 3, 64, 64)).square().mean().backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@pytest.mark.parametrize("name", NETS)
def test_a_batch_of_one_trains(name):
    assert torch.isfinite(build(name).train()(torch.randn(1, 3, 64, 64))).all()


def test_the_default_stays_small():
    parameters = sum(p.numel() for p in build("deeplabv3").parameters())
    assert parameters < 4_500_000


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInput, match="deeplabv3"):
        build("alexnet")
