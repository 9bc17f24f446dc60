"""What a network knows before its first step."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segmenter.errors import InvalidInput, first_line
from segmenter.nets import build
from segmenter.nets.efficientnet_lite import EfficientNetLite0
from segmenter.training.options import TrainOptions

ENCODER_ADVICE = "give EfficientNet-Lite0's ImageNet weights, a PyTorch state dict"


def initial_net(options: TrainOptions) -> nn.Module:
    """Build the net as the options say it starts: random, from ImageNet, or from earlier weights.

    Raises:
        InvalidInput: the weights can't be read, or are another network's.
    """
    net = build(options.architecture)
    if options.start_from:
        load_weights(net, options.start_from)
    elif options.encoder_weights:
        if not isinstance(getattr(net, "encoder", None), EfficientNetLite0):
            raise InvalidInput(
                f"{options.architecture} has no encoder that takes published weights"
            )
        load_encoder(net.encoder, options.encoder_weights)
    return net


def load_encoder(encoder: nn.Module, path: Path) -> None:
    """Copy a published classifier's tensors into `encoder`, in order; its last are left over."""
    try:
        published = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what its unpickler or the file system do
        raise InvalidInput(f"{path} can't be read as a state dict; {ENCODER_ADVICE}") from error
    own = encoder.state_dict()
    pairs = list(zip(own, list_tensors(published), strict=False))
    wrong = [name for name, tensor in pairs if own[name].shape != tensor.shape]
    if wrong or len(pairs) < len(own):
        raise InvalidInput(f"{path} does not fit the encoder; {ENCODER_ADVICE}")
    encoder.load_state_dict(dict(pairs))


def list_tensors(state: Any) -> list[Tensor]:
    """Return a state dict's tensors in order; none of what is not one."""
    values = list(state.values()) if isinstance(state, dict) else []
    return values if all(isinstance(value, Tensor) for value in values) else []


def load_weights(net: nn.Module, path: Path) -> None:
    """Load released weights (.safetensors) into `net`."""
    from safetensors.torch import load_file

    try:
        state = load_file(path)
    except Exception as error:  # the library has a family of its own for broken files
        raise InvalidInput(
            f"{path} can't be started from ({first_line(error)}); give the .safetensors that "
            "`export` writes of a run"
        ) from error
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise InvalidInput(
            f"{path} holds no {type(net).__name__}; give weights of the same architecture"
        ) from error
