"""Every error a user can meet; each message says what was given and what to do.

SegmenterError
├── InvalidInput          an option or an array that can't be used
│   └── NobodyThere       a click beside everybody
├── UnreadableImage       a picture that can't be opened
├── UnreadableVideo       a video that can't be opened or decoded
├── OutputFailed          a result that could not be written
├── WeightsUnavailable    weights that can't be found, fetched or trusted
├── InvalidDataset        training or evaluation data with a fault
├── TrainingFailed        a training run that can't go on
├── ClusterFailed         a Ray cluster that can't be reached, or has no worker left
└── MissingExtra          an optional package that is not installed
"""


class SegmenterError(Exception):
    """Anything that goes wrong for a reason a user can understand."""


class InvalidInput(SegmenterError):
    """An option or an array that can't be used."""


class NobodyThere(InvalidInput):
    """A click beside everybody."""


class UnreadableImage(SegmenterError):
    """A picture that can't be opened."""


class UnreadableVideo(SegmenterError):
    """A video that can't be opened or decoded."""


class OutputFailed(SegmenterError):
    """A result that could not be written."""


class WeightsUnavailable(SegmenterError):
    """Weights that can't be found, fetched or trusted."""


class InvalidDataset(SegmenterError):
    """Training or evaluation data with a fault."""


class TrainingFailed(SegmenterError):
    """A training run that can't go on."""


class ClusterFailed(SegmenterError):
    """A Ray cluster that can't be reached, or has no worker left."""


class MissingExtra(SegmenterError):
    """An optional package that is not installed."""


# As PyTorch, ONNX Runtime, OpenVINO and OpenCV say it.
_OUT_OF_MEMORY = (
    "out of memory",
    "outofmemory",
    "failed to allocate",
    "bad_alloc",
    "bad allocation",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether the memory was too small, the processor's or a graphics card's."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or any(said in words for said in _OUT_OF_MEMORY)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, for a one-sentence message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
