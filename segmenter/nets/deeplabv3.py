"""DeepLabV3 (Chen et al. 2017, arXiv:1706.05587), light enough for two CPU cores.

The ASPP follows the paper, with depthwise-separable atrous convolutions; the decoder brings back
the outline with skips, as DeepLabV3+ does (Chen et al. 2018, arXiv:1802.02611).
"""

import torch
from torch import Tensor, nn

from segmenter.nets.blocks import ConvNormAct, SeparableConv, join, upsample_like
from segmenter.nets.efficientnet_lite import EfficientNetLite0

# At 256 pixels the stride-16 features are 16x16: the paper's 6, 12, 18 would fall off the map.
ATROUS_RATES = (3, 6, 9)


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: one scene seen at several scales (Chen 2017, section 3.3)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.point = ConvNormAct(inputs, outputs, kernel=1)
        self.atrous = nn.ModuleList(
            SeparableConv(inputs, outputs, dilation=rate) for rate in ATROUS_RATES
        )
        # No normalisation here: it would have one pixel a picture to learn from.
        self.pooled = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(inputs, outputs, 1), nn.ReLU(inplace=True)
        )
        self.project = ConvNormAct((2 + len(ATROUS_RATES)) * outputs, outputs, kernel=1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N,inputs,h,w) to (N,outputs,h,w)."""
        size = features.shape[-2:]
        # `nearest` rather than `expand`: LiteRT and OpenCV's dnn can't run the latter.
        pooled = nn.functional.interpolate(self.pooled(features), size=size, mode="nearest")
        branches = [self.point(features), *(branch(features) for branch in self.atrous), pooled]
        return self.dropout(self.project(torch.cat(branches, dim=1)))


class DeepLabV3(nn.Module):
    """EfficientNet-Lite0 at output stride 16, ASPP, a decoder with skips at strides 8, 4, 2."""

    def __init__(self, classes: int = 1):
        super().__init__()
        half, quarter, eighth, sixteenth = EfficientNetLite0.channels
        self.encoder = EfficientNetLite0()
        self.aspp = ASPP(sixteenth, 128)
        self.decode_eighth = SeparableConv(128 + eighth, 64)
        self.decode_quarter = SeparableConv(64 + quarter, 48)
        self.decode_half = SeparableConv(48 + half, 24)
        self.classifier = nn.Conv2d(24, classes, kernel_size=3, padding=1)

    def forward(self, batch: Tensor) -> Tensor:
        """Map a normalised (N,3,h,w) batch to (N,classes,h,w) logits; any h, w from 16 up."""
        half, quarter, eighth, sixteenth = self.encoder(batch)
        features = self.aspp(sixteenth)
        features = self.decode_eighth(join(features, eighth))
        features = self.decode_quarter(join(features, quarter))
        features = self.decode_half(join(features, half))
        return upsample_like(self.classifier(features), batch)
