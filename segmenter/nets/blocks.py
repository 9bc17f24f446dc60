"""Building blocks that more than one architecture uses."""

import torch
from torch import Tensor, nn


class ConvNormAct(nn.Sequential):
    """Convolution, batch normalisation and ReLU, keeping the size at stride 1."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 3, dilation: int = 1, groups: int = 1
    ):
        padding = dilation * (kernel - 1) // 2
        super().__init__(
            nn.Conv2d(
                inputs,
                outputs,
                kernel,
                padding=padding,
                dilation=dilation,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class SeparableConv(nn.Sequential):
    """Depthwise then pointwise convolution, each normalised (Chollet 2017, arXiv:1610.02357)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, dilation: int = 1):
        super().__init__(
            ConvNormAct(inputs, inputs, kernel, dilation=dilation, groups=inputs),
            ConvNormAct(inputs, outputs, kernel=1),
        )


def upsample_like(features: Tensor, reference: Tensor) -> Tensor:
    """Resize (N,C,h,w) features bilinearly to the height and width of `reference`."""
    return nn.functional.interpolate(
        features, size=reference.shape[-2:], mode="bilinear", align_corners=False
    )


def join(features: Tensor, skip: Tensor) -> Tensor:
    """Put upsampled `features` and `skip`, both (N,C,h,w), on top of each other along channels."""
    return torch.cat([upsample_like(features, skip), skip], dim=1)
