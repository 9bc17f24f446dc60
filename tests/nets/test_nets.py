import pytest
import torch
from torchvision.models import segmentation

from segmenter.errors import InvalidInput
from segmenter.nets import ARCHITECTURES, COMPARED, TORCHVISION_FORMS, build

NETS = list(ARCHITECTURES)


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


# torchvision's pooled branch normalises one pixel a picture: it can't learn from one picture.
@pytest.mark.parametrize("name", COMPARED)
def test_a_batch_of_one_trains(name):
    assert torch.isfinite(build(name).train()(torch.randn(1, 3, 64, 64))).all()


@pytest.mark.parametrize("name", NETS)
def test_classes_are_channels(name):
    with torch.inference_mode():
        assert build(name, classes=21).eval()(torch.zeros(1, 3, 64, 64)).shape[1] == 21


@pytest.mark.parametrize("name", COMPARED)
def test_what_lies_far_away_is_seen(name):
    """A net that forgot its coarse features would judge each pixel by its neighbours alone."""
    batch = torch.randn(1, 3, 256, 256, requires_grad=True)
    build(name).eval()(batch)[..., 0].sum().backward()
    assert batch.grad[..., 48:].any()


@pytest.mark.parametrize("form", TORCHVISION_FORMS)
def test_published_state_dicts_load_as_they_are(form):
    """What torchvision publishes has 21 classes and an auxiliary classifier."""
    published = getattr(segmentation, form)(
        weights=None, weights_backbone=None, num_classes=21, aux_loss=True
    ).eval()
    net = build(form, classes=21).eval()
    net.load_state_dict(published.state_dict())
    batch = torch.randn(1, 3, 65, 97)
    with torch.inference_mode():
        torch.testing.assert_close(net(batch), published(batch)["out"])


def test_the_default_stays_small():
    parameters = sum(p.numel() for p in build("deeplabv3").parameters())
    assert parameters < 4_500_000


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInput, match="deeplabv3"):
        build("alexnet")
