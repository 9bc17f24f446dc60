import pytest
import torch
from torch import nn

from segmenter.nets import build
from segmenter.training.depthwise import Depthwise, hasten


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "size"),
    [(5, 1, 1, (9, 12)), (3, 2, 1, (8, 11)), (5, 2, 1, (13, 8)), (5, 1, 2, (11, 11))],
)
def test_gradients_are_those_of_float64_by_differences(kernel, stride, dilation, size):
    generator = torch.Generator().manual_seed(0)
    batch = torch.randn(2, 3, *size, generator=generator, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 1, kernel, kernel, generator=generator, dtype=torch.float64)
    weight.requires_grad_()
    padding = dilation * (kernel // 2)

    def run(batch, weight):
        return Depthwise.apply(batch, weight, stride, padding, dilation)

    # The wide parts are computed in float32, hence the steps and tolerances.
    assert torch.autograd.gradcheck(run, (batch, weight), eps=1e-3, atol=1e-3, rtol=1e-3)


def gradients(net, batch):
    net.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(batch)
    logits.float().square().mean().backward()
    return {name: weight.grad.clone() for name, weight in net.named_parameters()}


def test_a_hastened_net_learns_the_same():
    torch.manual_seed(0)
    net = build("deeplabv3").eval()  # without dropout's and the batch's chance
    batch = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    before, names = gradients(net, batch), list(net.state_dict())
    hasten(net)
    after = gradients(net, batch)
    assert list(net.state_dict()) == names
    assert any("forward" in vars(module) for module in net.modules())
    for name, gradient in before.items():
        # bfloat16 has eight bits; summed in another order the last of them differ.
        error = (after[name] - gradient).norm() / gradient.norm().clamp_min(1e-12)
        assert error < 0.05, name


def test_only_slow_depthwise_layers_change():
    net = nn.Sequential(
        nn.Conv2d(4, 4, 5, padding=2, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False),
        nn.Conv2d(4, 8, 5, padding=2, bias=False),
        nn.Conv2d(8, 8, 5, padding=2, groups=8),
    )
    hasten(net)
    assert ["forward" in vars(layer) for layer in net] == [True, False, False, False]
