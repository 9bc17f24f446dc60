"""SegNet (Badrinarayanan, Kendall and Cipolla 2017, arXiv:1511.00561), half as wide as VGG-16.

The encoder is VGG-16's thirteen convolutions; the decoder mirrors it and doubles the size by
putting each value where the encoder's pooling found its maximum. Nothing else crosses over.
"""

from itertools import pairwise

from torch import Tensor, nn

from segmenter.nets.blocks import ConvNormAct, crop_like, pad_to_multiple
from segmenter.nets.unpooling import pool, unpool

WIDTHS = (32, 64, 128, 256, 256)
CONVOLUTIONS = (2, 2, 3, 3, 3)
STRIDE = 2 ** len(WIDTHS)


def stage(inputs: int, outputs: int, convolutions: int, *, widen_last: bool = False):
    """Return 3x3 convolutions; the first, or with `widen_last` the last, changes the channels."""
    width = inputs if widen_last else outputs
    channels = [inputs, *[width] * (convolutions - 1), outputs]
    return nn.Sequential(*(ConvNormAct(before, after) for before, after in pairwise(channels)))


class SegNet(nn.Module):
    """Encoder and decoder of five stages each."""

    def __init__(self, classes: int = 1):
        super().__init__()
        shapes = list(zip((3, *WIDTHS), WIDTHS, CONVOLUTIONS, strict=False))
        self.encoder = nn.ModuleList(stage(*shape) for shape in shapes)
        self.decoder = nn.ModuleList(
            # The last stage keeps its width, for the classifier to choose from.
            stage(outputs, inputs if inputs > 3 else outputs, convolutions, widen_last=True)
            for inputs, outputs, convolutions in reversed(shapes)
        )
        self.classifier = nn.Conv2d(WIDTHS[0], classes, kernel_size=3, padding=1)

    def forward(self, batch: Tensor) -> Tensor:
        """Map a normalised (N,3,h,w) batch to (N,classes,h,w) logits; any h, w."""
        features, places = pad_to_multiple(batch, STRIDE), []
        for convolve in self.encoder:
            features, marks = pool(convolve(features))
            places.append(marks)
        for convolve in self.decoder:
            features = convolve(unpool(features, places.pop()))
        return crop_like(self.classifier(features), batch)
