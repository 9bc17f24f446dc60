"""Building blocks that more than one architecture uses."""

import torch
from torch import Tensor, nn


class ConvNormAct(nn.Sequential):
    """Convolution, batch normalisation and (unless `activate` is False) ReLU; padded."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        activate: bool = True,
    ):
        super().__init__(
            nn.Conv2d(
                inputs,
                outputs,
                kernel,
                stride,
                padding=dilation * (kernel - 1) // 2,
                dilation=dilation,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(outputs),
            *([nn.ReLU(inplace=True)] if activate else []),
        )


class SeparableConv(nn.Sequential):
    """Depthwise then pointwise convolution, each normalised (Chollet 2017, arXiv:1610.02357)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, dilation: int = 1):
        super().__init__(
            ConvNormAct(inputs, inputs, kernel, dilation=dilation, groups=inputs),
            ConvNormAct(inputs, outputs, kernel=1),
        )


class Residual(nn.Module):
    """ReLU of a branch plus its input, which a 1x1 convolution widens when the widths differ."""

    def __init__(self, inputs: int, outputs: int, branch: nn.Module):
        super().__init__()
        self.branch = branch
        self.shortcut = (
            nn.Identity()
            if inputs == outputs
            else ConvNormAct(inputs, outputs, kernel=1, activate=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (N,inputs,h,w) to (N,outputs,h,w)."""
        return torch.relu(self.branch(features) + self.shortcut(features))


class BasicBlock(Residual):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016, arXiv:1512.03385)."""

    def __init__(self, inputs: int, outputs: int):
        branch = nn.Sequential(
            ConvNormAct(inputs, outputs), ConvNormAct(outputs, outputs, activate=False)
        )
        super().__init__(inputs, outputs, branch)


class Bottleneck(Residual):
    """A 3x3 convolution at a quarter of the width, between 1x1 ones (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int):
        width = outputs // 4
        branch = nn.Sequential(
            ConvNormAct(inputs, width, kernel=1),
            ConvNormAct(width, width),
            ConvNormAct(width, outputs, kernel=1, activate=False),
        )
        super().__init__(inputs, outputs, branch)


def upsample_like(features: Tensor, reference: Tensor) -> Tensor:
    """Resize (N,C,h,w) features bilinearly to the height and width of `reference`."""
    return nn.functional.interpolate(
        features, size=reference.shape[-2:], mode="bilinear", align_corners=False
    )


def join(features: Tensor, skip: Tensor) -> Tensor:
    """Put upsampled `features` and `skip`, both (N,C,h,w), on top of each other along channels."""
    return torch.cat([upsample_like(features, skip), skip], dim=1)


def pad_to_multiple(batch: Tensor, multiple: int) -> Tensor:
    """Continue (N,C,h,w) with zeros, below and on the right, to multiples of `multiple`."""
    height, width = batch.shape[-2:]
    return nn.functional.pad(batch, (0, -width % multiple, 0, -height % multiple))


def crop_like(features: Tensor, reference: Tensor) -> Tensor:
    """Cut (N,C,h,w) features to the height and width of `reference`."""
    return features[..., : reference.shape[-2], : reference.shape[-1]]
