"""U-Net (Ronneberger, Fischer and Brox 2015, arXiv:1505.04597), half as wide as in the paper.

Convolutions are padded, so that the logits have the input's size, and normalised, which the paper's
time did not know. An up-convolution is a 1x1 convolution and bilinear resizing: no checkerboard.
"""

from torch import Tensor, nn

from segmenter.nets.blocks import ConvNormAct, join, upsample_like

BASE_WIDTH = 32  # channels at full size; doubled at each of four halvings
DEPTH = 4


class DoubleConv(nn.Sequential):
    """Two 3x3 convolutions."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(ConvNormAct(inputs, outputs), ConvNormAct(outputs, outputs))


class Up(nn.Module):
    """Halve the channels, double the size, join the skip, convolve twice."""

    def __init__(self, inputs: int):
        super().__init__()
        self.reduce = nn.Conv2d(inputs, inputs // 2, kernel_size=1)
        self.convolve = DoubleConv(inputs, inputs // 2)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Map (N,C,h,w) and a skip (N,C/2,H,W) to (N,C/2,H,W)."""
        return self.convolve(join(self.reduce(features), skip))


class UNet(nn.Module):
    """A contracting path, an expanding path, and skips between their equals."""

    def __init__(self, classes: int = 1):
        super().__init__()
        widths = [BASE_WIDTH * 2**level for level in range(DEPTH + 1)]
        self.pool = nn.MaxPool2d(2)
        self.down = nn.ModuleList(
            DoubleConv(inputs, outputs)
            for inputs, outputs in zip([3, *widths[:-1]], widths, strict=True)
        )
        self.up = nn.ModuleList(Up(width) for width in reversed(widths[1:]))
        self.classifier = nn.Conv2d(BASE_WIDTH, classes, kernel_size=1)

    def forward(self, batch: Tensor) -> Tensor:
        """Map a normalised (N,3,h,w) batch to (N,classes,h,w) logits; any h, w from 16 up."""
        skips = [self.down[0](batch)]
        for convolve in self.down[1:]:
            skips.append(convolve(self.pool(skips[-1])))
        features = skips.pop()
        for up in self.up:
            features = up(features, skips.pop())
        return upsample_like(self.classifier(features), batch)
