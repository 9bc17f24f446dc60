"""What is exported: a run's checkpoint, or weights that were released before."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from segmenter.errors import InvalidInput, first_line
from segmenter.nets import build
from segmenter.training.checkpoint import read_checkpoint
from segmenter.weights import Weights, fetch
from segmenter.weights.record import LARGEST_SIZE

# The long side at which photos are best seen, by that of training pictures; of the bundled weights.
PHOTO_TO_TRAINING_SIZE = 1.5


@dataclass(frozen=True)
class Source:
    """A network with its weights, and what is known of them."""

    net: nn.Module  # in evaluation mode
    architecture: str
    classes: int = 1
    record: Weights | None = None  # of weights released before
    facts: dict[str, Any] = field(default_factory=dict)  # fields of a record, from a run's options

    @property
    def name(self) -> str:
        """The stem of its files, unless another is wished."""
        return self.record.name if self.record else f"{self.architecture}-portrait"


def read_source(path: Path, architecture: str | None = None) -> Source:
    """Read a checkpoint's averaged weights, or the weights of a record.

    Args:
        path: a checkpoint of a run, or the .json record of released weights.
        architecture: of a checkpoint that does not say it.

    Raises:
        InvalidInput: it is no checkpoint, or of another architecture.
        WeightsUnavailable: the record or its weights can't be found or trusted.
    """
    if path.suffix != ".json":
        return read_trained(path, architecture)
    released = read_released(path)
    require_same(path, released.architecture, architecture)
    return released


def read_released(path: Path) -> Source:
    """Read a record and its safetensors."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    fetched = fetch(path, file="safetensors")
    record = fetched.record
    net = build(record.architecture, record.classes)
    try:
        net.load_state_dict(load_file(fetched.path))
    except SafetensorError as error:
        raise InvalidInput(
            f"{fetched.path} is damaged ({first_line(error)}); get it and its record again"
        ) from error
    except RuntimeError as error:
        raise InvalidInput(
            f"{fetched.path} holds no {record.architecture}; correct the architecture in {path}"
        ) from error
    return Source(net.eval(), record.architecture, record.classes, record)


def read_trained(path: Path, architecture: str | None) -> Source:
    """Read a run's averaged weights and what its options say."""
    advice = "give RUN/checkpoint.pt or the .json record of released weights"
    state = read_checkpoint(path, ["average"], advice)
    options = state.get("options", {})  # where they are missing, --architecture helps
    name = options.get("architecture", architecture)
    if name is None:
        raise InvalidInput(f"{path} does not say its architecture; give --architecture")
    require_same(path, name, architecture)
    net = build(name)
    try:
        net.load_state_dict(state["average"])
    except RuntimeError as error:
        raise InvalidInput(f"{path} holds no {name}; give the --architecture it was of") from error
    return Source(net.eval(), name, facts=facts_of(options))


def require_same(path: Path, name: str, architecture: str | None) -> None:
    """Raise InvalidInput when another architecture is asked for than the file at `path` is of."""
    if architecture not in (None, name):
        raise InvalidInput(f"{path} is of {name}, not {architecture}; leave --architecture out")


def facts_of(options: dict[str, str]) -> dict[str, Any]:
    """Return what a run's options, each as text, say of a record's fields."""
    facts: dict[str, Any] = {
        name: (float(options[name]),) * 3 for name in ("mean", "std") if name in options
    }
    if "size" in options:
        size = int(options["size"])
        photo_size = min(round(PHOTO_TO_TRAINING_SIZE * size), LARGEST_SIZE)
        facts |= {"live_size": size, "photo_size": photo_size}
    return facts
