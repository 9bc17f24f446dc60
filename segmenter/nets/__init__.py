"""The networks, by name."""

from torch import nn

from segmenter.errors import InvalidInput
from segmenter.nets.deeplabv3 import DeepLabV3

ARCHITECTURES: dict[str, type[nn.Module]] = {"deeplabv3": DeepLabV3}


def build(name: str) -> nn.Module:
    """Build an untrained network: normalised (N,3,h,w) float32 in, logits (N,1,h,w) out.

    Raises:
        InvalidInput: `name` is none of `ARCHITECTURES`.
    """
    if name not in ARCHITECTURES:
        raise InvalidInput(
            f"no architecture {name!r}; choose one of {', '.join(sorted(ARCHITECTURES))}"
        )
    return ARCHITECTURES[name]()
