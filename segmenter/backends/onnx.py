"""Networks run by ONNX Runtime."""

import os
import threading
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmenter.backends.session_cache import MOST_SESSIONS, OFTEN, Session, SessionCache, Shape
from segmenter.device import Device
from segmenter.errors import WeightsUnavailable, first_line, is_out_of_memory

# Read by ONNX Runtime when it is imported: from 1.29 on it tells a server of processor and model.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


class OnnxBackend:
    """ONNX Runtime: every shape, at once."""

    name = "ONNX Runtime"
    what_runs = name
    _is_loaded_at_once = True  # so that a file that it can't use is told at once

    def __init__(
        self, path: Path, device: Device, *, often: int = OFTEN, most: int = MOST_SESSIONS
    ):
        """Load the network; `most` shapes that come again and again get sessions of their own."""
        self._path, self._device = path, device
        self.sessions = SessionCache(self._fix, often, most)
        if self._is_loaded_at_once:
            self._any_shape = self._load()

    @cached_property
    def _any_shape(self) -> Any:
        """The session for shapes that have none of their own."""
        return self._load()

    @staticmethod
    def knows_cuda() -> bool:
        """Tell whether it can run on a graphics card here; PyPI's usual package can't."""
        import onnxruntime

        return "CUDAExecutionProvider" in onnxruntime.get_available_providers()

    def _load(self, **dimensions: int) -> Any:
        """Make a session, with values for some of the symbolic dimensions of the input."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._device.threads
        # Idle threads that spin would take the cores from decoding, refining and encoding.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        for name, value in dimensions.items():
            options.add_free_dimension_override_by_name(name, value)
        providers = ["CPUExecutionProvider"]
        if self._device.kind == "cuda" and self.knows_cuda():
            providers.insert(0, "CUDAExecutionProvider")
        try:
            return onnxruntime.InferenceSession(str(self._path), options, providers=providers)
        except Exception as error:  # the library raises a family of its own without a public base
            raise WeightsUnavailable(
                f"ONNX Runtime can't load {self._path.name}: {first_line(error)}; "
                "fetch the file again"
            ) from error

    def run(self, batch: NDArray[np.float32], *, comes_again: bool = False) -> NDArray[np.float32]:
        """Return the logits of a normalised batch.

        Only batches that come again are counted for sessions: those of photos, whose shapes vary,
        would take the place of a camera's.

        Raises:
            WeightsUnavailable: the network takes no such batch.
        """
        fixed = self.sessions.get(batch.shape) if comes_again else None
        if fixed:
            return fixed.run(batch)
        try:
            return run_once(self._any_shape, batch).astype(np.float32, copy=False)
        except Exception as error:  # as in `_load`
            if is_out_of_memory(error):
                raise
            height, width = batch.shape[2:]
            raise WeightsUnavailable(
                f"ONNX Runtime can't run {self._path.name} on {width}x{height} pixels: "
                f"{first_line(error)}; correct stride_multiple in its record, or choose another "
                "model"
            ) from error

    def _fix(self, shape: Shape) -> Session:
        """Make the session of one shape."""
        first, *_ = self._any_shape.get_inputs()
        sizes = zip(first.shape, shape, strict=True)
        named = {name: size for name, size in sizes if isinstance(name, str)}
        return FixedSession(self._load(**named), shape)


class FixedSession:
    """An ONNX Runtime session for batches of one shape, in memory that every run uses again."""

    def __init__(self, session: Any, shape: Shape):
        """Bind memory for a batch and its logits."""
        self._session, self._lock = session, threading.Lock()
        self._batch = np.zeros(shape, np.float32)
        self._logits = run_once(session, self._batch)
        (batch, *_), (logits, *_) = session.get_inputs(), session.get_outputs()
        self._binding = session.io_binding()
        self._binding.bind_input(batch.name, *place_of(self._batch))
        self._binding.bind_output(logits.name, *place_of(self._logits))

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits; a second thread waits, since one run takes all the cores."""
        with self._lock:
            np.copyto(self._batch, batch)
            self._session.run_with_iobinding(self._binding)
            return self._logits.astype(np.float32)


def run_once(session: Any, batch: NDArray[np.float32]) -> NDArray:
    """Return the first output, of whatever number format; others have more than one."""
    (first, *_), (logits, *_) = session.get_inputs(), session.get_outputs()
    return session.run([logits.name], {first.name: batch})[0]


def place_of(array: NDArray) -> tuple[str, int, type, tuple[int, ...], int]:
    """Return how ONNX Runtime is told of memory: device, its number, type, shape, address."""
    return "cpu", 0, array.dtype.type, array.shape, array.ctypes.data
