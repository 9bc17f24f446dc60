"""Networks and checkpoints to export."""

from pathlib import Path

import torch
from torch import nn

from segmenter.nets import build


def settled_net(architecture: str) -> nn.Module:
    """Build a net with random weights; its norms know their inputs, so that logits are large."""
    torch.manual_seed(0)
    net = build(architecture).train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the plain mean of what they see
    with torch.no_grad():
        net(torch.randn(4, 3, 64, 64))
    return net.eval()


def save_checkpoint(path: Path, net: nn.Module, **options: str) -> Path:
    """Save what a run saves and an export reads."""
    torch.save({"average": net.state_dict(), "options": options}, path)
    return path
