"""SegResNet: SegNet's shape (arXiv:1511.00561) with residual blocks (He et al. 2016, 1512.03385).

Each stage is a ResNet basic block; sizes are halved by pooling that remembers where its maxima were
and doubled by putting them back, as in SegNet.
"""

from itertools import pairwise

from torch import Tensor, nn

from segmenter.nets.blocks import BasicBlock, ConvNormAct, crop_like, pad_to_multiple
from segmenter.nets.unpooling import pool, unpool

WIDTHS = (32, 64, 128, 256, 256)
BLOCKS = (1, 1, 2, 2, 2)
STRIDE = 2 ** len(WIDTHS)


def stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    """Return residual blocks; the first changes the channels."""
    channels = [inputs, *[outputs] * blocks]
    return nn.Sequential(*(BasicBlock(before, after) for before, after in pairwise(channels)))


class SegResNet(nn.Module):
    """A residual encoder and its mirror image."""

    def __init__(self, classes: int = 1):
        super().__init__()
        self.stem = ConvNormAct(3, WIDTHS[0])
        shapes = list(zip((WIDTHS[0], *WIDTHS), WIDTHS, BLOCKS, strict=False))
        self.encoder = nn.ModuleList(stage(*shape) for shape in shapes)
        self.decoder = nn.ModuleList(
            stage(outputs, inputs, blocks) for inputs, outputs, blocks in reversed(shapes)
        )
        self.classifier = nn.Conv2d(WIDTHS[0], classes, kernel_size=3, padding=1)

    def forward(self, batch: Tensor) -> Tensor:
        """Map a normalised (N,3,h,w) batch to (N,classes,h,w) logits; any h, w."""
        features, places = self.stem(pad_to_multiple(batch, STRIDE)), []
        for convolve in self.encoder:
            features, marks = pool(convolve(features))
            places.append(marks)
        for convolve in self.decoder:
            features = convolve(unpool(features, places.pop()))
        return crop_like(self.classifier(features), batch)
