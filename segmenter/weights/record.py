"""The record that travels with weights: everything needed to use them rightly."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from segmenter.errors import WeightsUnavailable

FORMAT = 1
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")
# A stranger's record must not ask for more memory than there is. A photo is seen at up to 2.3 times
# its size, and then the bundled network takes 3 GB.
LARGEST_SIZE = 2048
LARGEST_MULTIPLE = 256  # to which both sides are rounded up
MOST_CLASSES = 4096
LARGEST_NUMBER = 1e6


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _whole(most: int) -> tuple[Callable[[Any], bool], str]:
    """Accept whole numbers from 1 on, and say so."""
    return (
        lambda value: type(value) is int and 0 < value <= most,
        f"a whole number from 1 to {most}",
    )


def _is_number(value: Any) -> bool:
    # JSON may hold NaN, infinity, and whole numbers that no float can hold.
    return isinstance(value, (int, float)) and abs(value) < LARGEST_NUMBER


def _is_triple(value: Any) -> bool:
    return isinstance(value, tuple) and [_is_number(part) for part in value] == [True] * 3


def _is_file(ending: str) -> Callable[[Any], bool]:
    """Accept None or a plain name with the ending: never a path, never a pickle."""
    name = re.compile(rf"[\w-][\w.-]*\.{ending}", re.ASCII)
    return lambda value: value is None or (isinstance(value, str) and bool(name.fullmatch(value)))


RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("name", "architecture", "licence"), (_is_text, "text")),
    **dict.fromkeys(("live_size", "photo_size"), _whole(LARGEST_SIZE)),
    "stride_multiple": _whole(LARGEST_MULTIPLE),
    "classes": _whole(MOST_CLASSES),
    "mean": (_is_triple, "three numbers"),
    "std": (lambda value: _is_triple(value) and min(value) > 0, "three positive numbers"),
    "onnx": (_is_file("onnx"), "the name of an .onnx file"),
    "safetensors": (_is_file("safetensors"), "the name of a .safetensors file"),
    "sha256": (lambda value: isinstance(value, Mapping), "an object of file names and digests"),
    "metrics": (lambda value: isinstance(value, Mapping), "an object"),
    "trained_on": (lambda value: isinstance(value, tuple), "a list of names"),
    "repository": (lambda value: value is None or _is_text(value), "owner/name"),
    "person_class": (
        lambda value: value is None or (type(value) is int and value >= 0),
        "a channel's number or null",
    ),
    "revision": (
        lambda value: value is None or (isinstance(value, str) and bool(COMMIT.fullmatch(value))),
        "a full commit (40 hexadecimal digits)",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A record of released weights; stored as JSON beside them, the only copy of these numbers.

    Raises:
        WeightsUnavailable: a field is missing from the JSON, or has a senseless value.
    """

    name: str
    architecture: str  # a name that `segmenter.nets.build` knows
    sha256: Mapping[str, str]  # of every file, 64 hexadecimal digits
    live_size: int  # long side the network sees of a webcam's frame, pixels
    photo_size: int  # the same for a photo, or a frame of a video file
    mean: tuple[float, float, float]  # RGB, on intensities in [0, 1]
    std: tuple[float, float, float]
    licence: str
    onnx: str | None = None  # file names
    safetensors: str | None = None
    stride_multiple: int = 32  # both sides of the network's input are multiples of this
    classes: int = 1  # channels of the logits
    person_class: int | None = None  # channel of the softmax (15 for VOC); None: one logit, sigmoid
    repository: str | None = None  # `owner/name` on the Hub, where files not beside the record are
    # The commit of `repository` the record is true of; None in a record that lies in the repository
    # itself, since a commit can't contain its own name.
    revision: str | None = None
    trained_on: tuple[str, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)  # results, and where measured

    def __post_init__(self) -> None:
        """Check every field, whoever made the record."""
        for name, (is_right, wanted) in RULES.items():
            value = getattr(self, name)
            if not is_right(value):
                raise WeightsUnavailable(f"the record's {name} must be {wanted}, not {value!r}")
        for name in filter(None, (self.onnx, self.safetensors)):
            if not SHA256.fullmatch(str(self.sha256.get(name))):
                raise WeightsUnavailable(f"the record lacks the sha256 of {name}")
        if self.onnx is self.safetensors is None:
            raise WeightsUnavailable("the record names neither an onnx nor a safetensors file")
        if self.person_class is not None and self.person_class >= self.classes:
            raise WeightsUnavailable(
                f"the record's person_class {self.person_class} is none of its {self.classes} "
                f"classes, counted from 0"
            )
        if self.person_class is not None and self.classes == 1:
            raise WeightsUnavailable(
                "the record's person_class is of a softmax, in which a single class is always "
                "certain; with 1 class it must be null"
            )
        if self.repository is None and self.revision is not None:
            raise WeightsUnavailable("the record gives a revision without its repository")

    def to_json(self) -> str:
        """Return the record as readable JSON text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Weights":
        """Read what `to_json` wrote.

        Raises:
            WeightsUnavailable: it is no such record, or one of a newer format.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise WeightsUnavailable(f"the record is not JSON ({error}); fetch it again") from error
        if not isinstance(values, dict) or not isinstance(values.get("format"), int):
            raise WeightsUnavailable("the JSON is no weights record: it has no format number")
        if values.pop("format") > FORMAT:
            raise WeightsUnavailable("the record is of a newer format; update this program")
        known = {entry.name: entry for entry in fields(cls)}
        unknown = sorted(values.keys() - known.keys())
        missing = sorted(
            name
            for name, entry in known.items()
            if name not in values and entry.default is entry.default_factory is MISSING
        )
        if unknown or missing:
            raise WeightsUnavailable(
                f"the record has fields this program does not know ({', '.join(unknown)})"
                if unknown
                else f"the record lacks {', '.join(missing)}"
            )
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **lists})
