"""Weights of several runs as one network: their mean sees what each of them sees."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from segmenter.errors import InvalidInput
from segmenter.export.source import Source, read_source


def read_mean(
    paths: Sequence[Path], shares: Sequence[float] = (), architecture: str | None = None
) -> Source:
    """Average the weights of runs that began alike, as in Wortsman et al. 2022, arXiv:2203.05482.

    Args:
        paths: what `read_source` takes, one or more; the first tells the sizes.
        shares: how much each counts; none for all alike.
        architecture: of checkpoints that do not say it.

    Raises:
        InvalidInput: there are other shares than files, or files of several networks.
        WeightsUnavailable: as `read_source` says.
    """
    if shares and (len(shares) != len(paths) or not all(share > 0 for share in shares)):
        raise InvalidInput(
            f"there are {len(shares)} shares of {len(paths)} files; give one above 0 for each"
        )
    sources = [read_source(path, architecture) for path in paths]
    first = sources[0]
    if len(sources) == 1:
        return first
    kinds = [kind_of(source) for source in sources]
    for path, kind in zip(paths, kinds, strict=True):
        if kind != kinds[0]:
            raise InvalidInput(
                f"{path} is another network than {paths[0]}, or sees pictures with another mean "
                "and std; only weights of one network can be averaged"
            )
    states = [source.net.state_dict() for source in sources]
    first.net.load_state_dict(mean_of(states, shares or [1] * len(paths)))
    return Source(first.net, first.architecture, first.classes, facts=seen_by(first))


def kind_of(source: Source) -> tuple[Any, ...]:
    """Return all in which weights must agree to be averaged."""
    seen = seen_by(source)
    return source.architecture, source.classes, seen.get("mean"), seen.get("std")


def seen_by(source: Source) -> dict[str, Any]:
    """Return how a network sees pictures: fields of a record."""
    if not source.record:
        return source.facts
    names = ("mean", "std", "live_size", "photo_size")
    return {name: getattr(source.record, name) for name in names}


def mean_of(states: Sequence[dict[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    """Return the weighted mean of tensors by name; counts are the first's."""
    whole = sum(shares)

    def mean(name: str, first: Tensor) -> Tensor:
        if not first.is_floating_point():
            return first
        parts = [share * state[name] for state, share in zip(states, shares, strict=True)]
        return sum(parts) / whole

    return {name: mean(name, first) for name, first in states[0].items()}
