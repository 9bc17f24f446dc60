"""The networks, by name."""

from collections.abc import Callable

from torch import nn

from segmenter.errors import InvalidInput
from segmenter.nets.deeplabv3 import DeepLabV3
from segmenter.nets.hrnet import HRNet
from segmenter.nets.segnet import SegNet
from segmenter.nets.segresnet import SegResNet
from segmenter.nets.torchvision_deeplabv3 import form
from segmenter.nets.unet import UNet

# The five of the comparison in weights/README.md.
COMPARED: dict[str, Callable[[int], nn.Module]] = {
    "deeplabv3": DeepLabV3,
    "unet": UNet,
    "segnet": SegNet,
    "segresnet": SegResNet,
    "hrnet": HRNet,
}
TORCHVISION_FORMS = ("deeplabv3_mobilenet_v3_large", "deeplabv3_resnet50", "deeplabv3_resnet101")
ARCHITECTURES = COMPARED | {name: form(name) for name in TORCHVISION_FORMS}


def build(name: str, classes: int = 1) -> nn.Module:
    """Build an untrained network.

    Args:
        name: one of `ARCHITECTURES`.
        classes: channels of the logits; 1 for one logit of "person".

    Returns:
        A module: normalised (N,3,h,w) float32 in, any h and w from 32 up; logits (N,classes,h,w).

    Raises:
        InvalidInput: `name` is unknown.
        MissingExtra: the network needs torchvision, which is not installed.
    """
    if name not in ARCHITECTURES:
        raise InvalidInput(f"no architecture {name!r}; choose one of {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name](classes)
