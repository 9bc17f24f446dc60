"""EfficientNet-Lite0 as an encoder (Tan & Le 2019, arXiv:1905.11946; Lite: ReLU6, no squeeze).

The sixth of its seven stages keeps the resolution of the fifth by dilation (output stride 16); the
seventh is left out, which saves time.
"""

from torch import Tensor, nn

# (blocks, kernel, stride, expansion, channels, dilation)
STAGES = (
    (1, 3, 1, 1, 16, 1),
    (2, 3, 2, 6, 24, 1),
    (2, 5, 2, 6, 40, 1),
    (3, 3, 2, 6, 80, 1),
    (3, 5, 1, 6, 112, 1),
    (4, 5, 1, 6, 192, 2),
)
STEM_CHANNELS = 32
# The published weights were trained with TensorFlow's constants.
NORM_EPSILON = 1e-3


def conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1, groups: int = 1
):
    """Return a convolution and its normalisation as a list of layers."""
    padding = dilation * (kernel - 1) // 2
    convolution = nn.Conv2d(
        inputs, outputs, kernel, stride, padding, dilation=dilation, groups=groups, bias=False
    )
    return [convolution, nn.BatchNorm2d(outputs, eps=NORM_EPSILON)]


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project (Sandler et al. 2018, arXiv:1801.04381)."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int, dilation: int
    ):
        super().__init__()
        width = inputs * expansion
        layers = [*conv_norm(inputs, width, 1), nn.ReLU6(inplace=True)] if expansion > 1 else []
        layers += [
            *conv_norm(width, width, kernel, stride, dilation, groups=width),
            nn.ReLU6(inplace=True),
        ]
        layers += conv_norm(width, outputs, 1)
        self.layers = nn.Sequential(*layers)
        self.keeps_shape = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        """Map (N,C,h,w) features to (N,outputs,h/stride,w/stride)."""
        return features + self.layers(features) if self.keeps_shape else self.layers(features)


class EfficientNetLite0(nn.Module):
    """Features at strides 2, 4, 8 and 16 of a normalised (N,3,h,w) batch."""

    channels = (16, 24, 40, 192)

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(*conv_norm(3, STEM_CHANNELS, 3, stride=2), nn.ReLU6(inplace=True))
        self.stages = nn.ModuleList()
        inputs = STEM_CHANNELS
        for blocks, kernel, stride, expansion, outputs, dilation in STAGES:
            stage = []
            for index in range(blocks):
                stage.append(
                    InvertedResidual(
                        inputs, outputs, kernel, stride if index == 0 else 1, expansion, dilation
                    )
                )
                inputs = outputs
            self.stages.append(nn.Sequential(*stage))

    def forward(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return features of widths `channels`, finest first."""
        half = self.stages[0](self.stem(batch))
        quarter = self.stages[1](half)
        eighth = self.stages[2](quarter)
        sixteenth = self.stages[5](self.stages[4](self.stages[3](eighth)))
        return half, quarter, eighth, sixteenth
