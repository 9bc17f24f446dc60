"""DeepLabV3 as torchvision publishes it, on ResNet-50, ResNet-101 or MobileNetV3-Large.

Chen et al. 2017, arXiv:1706.05587. State dicts of public checkpoints load as they are; those of 21
Pascal VOC classes call the person 15.
"""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from segmenter.errors import MissingExtra

AUXILIARY = "aux_classifier."


class TorchvisionDeepLabV3(nn.Module):
    """One of torchvision's networks, answering with logits alone."""

    def __init__(self, form: str, classes: int = 1):
        super().__init__()
        try:
            from torchvision.models import segmentation
        except ImportError as error:
            raise MissingExtra(f"{form} needs torchvision: pip install torchvision") from error
        net = getattr(segmentation, form)(
            weights=None, weights_backbone=None, num_classes=classes, aux_loss=False
        )
        self.backbone, self.classifier = net.backbone, net.classifier
        self.register_load_state_dict_pre_hook(drop_auxiliary)

    def forward(self, batch: Tensor) -> Tensor:
        """Map a normalised (N,3,h,w) batch to (N,classes,h,w) logits; any h, w from 32 up."""
        logits = self.classifier(self.backbone(batch)["out"])
        return nn.functional.interpolate(
            logits, size=batch.shape[-2:], mode="bilinear", align_corners=False
        )


def drop_auxiliary(net: nn.Module, state: dict[str, Tensor], prefix: str, *_) -> None:
    """Leave out the auxiliary classifier of published checkpoints: it only helped in training."""
    for key in [key for key in state if key.startswith(prefix + AUXILIARY)]:
        del state[key]


def form(name: str) -> Callable[[int], TorchvisionDeepLabV3]:
    """Return the builder of torchvision's network `name`."""
    return partial(TorchvisionDeepLabV3, name)
