"""HRNet-W18-small with a segmentation head (Wang et al. 2020, arXiv:1908.07919).

Up to four branches, at strides 4 to 32, run side by side and exchange what they see after every
module; the head joins all four (the paper's HRNetV2 representation).
"""

import torch
from torch import Tensor, nn

from segmenter.nets.blocks import BasicBlock, Bottleneck, ConvNormAct, upsample_like

WIDTHS = (18, 36, 72, 144)
STEM_WIDTH = 64
FIRST_WIDTH = 256  # of the first stage, made of bottlenecks
MODULES = (1, 3, 2)  # of the stages with two, three and four branches
BLOCKS = 2  # residual blocks of a branch in a module


class Fuse(nn.Module):
    """Give one branch the sum of all branches, each brought to its size and width."""

    def __init__(self, widths: tuple[int, ...], target: int):
        super().__init__()
        self.target = target
        self.paths = nn.ModuleList(
            self.path(widths, source, target) for source in range(len(widths))
        )

    @staticmethod
    def path(widths: tuple[int, ...], source: int, target: int) -> nn.Module:
        """Return how `source` reaches `target`: untouched, narrowed, or by strided convolutions."""
        if source == target:
            return nn.Identity()
        if source > target:
            return ConvNormAct(widths[source], widths[target], kernel=1, activate=False)
        halvings = target - source
        steps = [ConvNormAct(widths[source], widths[source], stride=2) for _ in range(halvings - 1)]
        return nn.Sequential(
            *steps, ConvNormAct(widths[source], widths[target], stride=2, activate=False)
        )

    def forward(self, branches: list[Tensor]) -> Tensor:
        """Map branches, finest first, to the target's (N,C,h,w)."""
        own = branches[self.target]
        total = own
        for source, (path, features) in enumerate(zip(self.paths, branches, strict=True)):
            if source != self.target:
                total = total + upsample_like(path(features), own)
        return torch.relu(total)


class ExchangeModule(nn.Module):
    """Residual blocks on every branch, then fusion into every branch."""

    def __init__(self, widths: tuple[int, ...]):
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*(BasicBlock(width, width) for _ in range(BLOCKS))) for width in widths
        )
        self.fuse = nn.ModuleList(Fuse(widths, target) for target in range(len(widths)))

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        """Map branches, finest first, to as many of the same shapes."""
        branches = [
            blocks(features) for blocks, features in zip(self.branches, branches, strict=True)
        ]
        return [fuse(branches) for fuse in self.fuse]


class HRNet(nn.Module):
    """Branches of high and low resolution in parallel, joined by the head."""

    def __init__(self, classes: int = 1):
        super().__init__()
        self.stem = nn.Sequential(
            ConvNormAct(3, STEM_WIDTH, stride=2), ConvNormAct(STEM_WIDTH, STEM_WIDTH, stride=2)
        )
        self.first = nn.Sequential(
            Bottleneck(STEM_WIDTH, FIRST_WIDTH), Bottleneck(FIRST_WIDTH, FIRST_WIDTH)
        )
        self.begin = ConvNormAct(FIRST_WIDTH, WIDTHS[0])
        # Each new branch starts from the coarsest one before it.
        inputs = (FIRST_WIDTH, *WIDTHS[1:])
        self.branch_off = nn.ModuleList(
            ConvNormAct(before, after, stride=2)
            for before, after in zip(inputs, WIDTHS[1:], strict=False)
        )
        self.stages = nn.ModuleList(
            nn.ModuleList(ExchangeModule(WIDTHS[: 2 + number]) for _ in range(modules))
            for number, modules in enumerate(MODULES)
        )
        self.head = ConvNormAct(sum(WIDTHS), sum(WIDTHS), kernel=1)
        self.classifier = nn.Conv2d(sum(WIDTHS), classes, kernel_size=1)

    def forward(self, batch: Tensor) -> Tensor:
        """Map a normalised (N,3,h,w) batch to (N,classes,h,w) logits; any h, w from 32 up."""
        coarsest = self.first(self.stem(batch))
        branches = [self.begin(coarsest)]
        for branch_off, modules in zip(self.branch_off, self.stages, strict=True):
            branches = [*branches, branch_off(coarsest)]
            for module in modules:
                branches = module(branches)
            coarsest = branches[-1]
        joined = torch.cat([upsample_like(features, branches[0]) for features in branches], dim=1)
        return upsample_like(self.classifier(self.head(joined)), batch)
