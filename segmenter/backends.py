"""What runs a network: float32 batch (N, 3, h, w) in, float32 logits (N, C, h, w) out."""

import importlib
import importlib.util
import os
import sys
import threading
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segmenter.device import Device
from segmenter.errors import MissingExtra, WeightsUnavailable, first_line, is_out_of_memory
from segmenter.session_cache import MOST_SESSIONS, OFTEN, Session, SessionCache, Shape

# Read by ONNX Runtime when it is imported: from 1.29 on it tells a server of processor and model.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


class Backend(Protocol):
    """A network made ready; `run` may be called from several threads."""

    name: str
    what_runs: str  # in words for a user

    def run(self, batch: NDArray[np.float32], *, comes_again: bool = False) -> NDArray[np.float32]:
        """Return the logits of a normalised batch; others of its shape follow if it comes again."""


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
        first, *_ = self._any_shape.get_inputs()
        try:
            return self._any_shape.run(None, {first.name: batch})[0]
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
        (first,) = self._any_shape.get_inputs()
        sizes = zip(first.shape, shape, strict=True)
        named = {name: size for name, size in sizes if isinstance(name, str)}
        return FixedSession(self._load(**named), shape)


class FixedSession:
    """An ONNX Runtime session for batches of one shape, in memory that every run uses again."""

    def __init__(self, session: Any, shape: Shape):
        """Bind memory for a batch and its logits."""
        self._session, self._lock = session, threading.Lock()
        self._batch = np.zeros(shape, np.float32)
        (batch,), (logits,) = session.get_inputs(), session.get_outputs()
        self._logits = session.run(None, {batch.name: self._batch})[0]
        self._binding = session.io_binding()
        self._binding.bind_input(batch.name, *place_of(self._batch))
        self._binding.bind_output(logits.name, *place_of(self._logits))

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits; a second thread waits, since one run takes all the cores."""
        with self._lock:
            np.copyto(self._batch, batch)
            self._session.run_with_iobinding(self._binding)
            return self._logits.copy()


def place_of(array: NDArray[np.float32]) -> tuple[str, int, type, tuple[int, ...], int]:
    """Return how ONNX Runtime is told of memory: device, its number, type, shape, address."""
    return "cpu", 0, np.float32, array.shape, array.ctypes.data


class OpenVinoBackend(OnnxBackend):
    """OpenVINO for shapes seen often, as a video's and a camera's are, and ONNX Runtime for others.

    A model compiled for one shape takes a quarter less time than ONNX Runtime, and less than half
    where the processor calculates in bfloat16; one for any shape takes as long as ONNX Runtime.
    """

    name = "OpenVINO"
    what_runs = f"{name} for moving pictures, {OnnxBackend.name} for photos"
    _is_loaded_at_once = False  # 50 MB that a video, all of one shape, never needs

    def __init__(
        self, path: Path, device: Device, *, often: int = OFTEN, most: int = MOST_SESSIONS
    ):
        """Find out whether OpenVINO is there, else MissingExtra; the rest as for ONNX Runtime."""
        if not has_openvino():
            raise MissingExtra("the openvino backend needs OpenVINO: pip install openvino")
        super().__init__(path, device, often=often, most=most)

    @staticmethod
    def knows_cuda() -> bool:
        """Return False: it is asked to run on the processor alone."""
        return False

    def _fix(self, shape: Shape) -> Session:
        return OpenVinoSession(self._path, shape, self._device.threads)


def has_openvino() -> bool:
    """Tell whether OpenVINO is installed."""
    return importlib.util.find_spec("openvino") is not None


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry, which tells a server of each import unless asked not.

    Where that package is missing, as it is made to seem, OpenVINO has a stand-in for it.
    """
    with ExitStack() as stack:
        if "openvino_telemetry" not in sys.modules:
            sys.modules["openvino_telemetry"] = None
            stack.callback(sys.modules.pop, "openvino_telemetry", None)
        return importlib.import_module("openvino")


class OpenVinoSession:
    """A network compiled by OpenVINO for batches of one shape."""

    def __init__(self, path: Path, shape: Shape, threads: int):
        """Compile it, which takes as long as some dozen runs.

        Raises:
            WeightsUnavailable: OpenVINO is broken, or can't use the file.
        """
        self._batch, self._lock = np.zeros(shape, np.float32), threading.Lock()
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
        try:
            openvino = import_openvino()
            core = openvino.Core()
            model = core.read_model(path)
            model.reshape(list(shape))
            self._request = core.compile_model(model, "CPU", settings).create_infer_request()
        except (ImportError, RuntimeError) as error:
            raise WeightsUnavailable(
                f"OpenVINO can't load {path.name}: {first_line(error)}; use --backend onnx"
            ) from error
        self._request.set_input_tensor(openvino.Tensor(self._batch, shared_memory=True))

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits; a second thread waits, since one run takes all the cores."""
        with self._lock:
            np.copyto(self._batch, batch)
            self._request.infer()
            return self._request.get_output_tensor().data.copy()


class TorchBackend:
    """PyTorch: on CUDA in float16, on a CPU in float32."""

    name = "PyTorch"
    what_runs = name

    def __init__(self, path: Path, architecture: str, device: Device, classes: int = 1):
        try:
            import torch
            from safetensors.torch import load_file
        except ImportError as error:
            raise MissingExtra(
                "the torch backend needs torch: pip install torch safetensors"
            ) from error

        from segmenter.nets import build

        self._torch = torch
        self.device = torch.device(device.kind)
        self._type = torch.float16 if device.kind == "cuda" else torch.float32
        # PyTorch counts the host's cores, of which a container may use few.
        torch.set_num_threads(device.threads)
        net = build(architecture, classes)
        try:
            net.load_state_dict(load_file(path))
        except Exception as error:  # a broken file or another architecture's tensors
            raise WeightsUnavailable(
                f"{path.name} is no {architecture} of {classes} class(es): {first_line(error)}; "
                f"fetch the file again"
            ) from error
        self._net = net.eval().to(self.device, self._type, memory_format=torch.channels_last)

    def run(self, batch: NDArray[np.float32], *, comes_again: bool = False) -> NDArray[np.float32]:
        """Return the logits of a normalised batch."""
        torch = self._torch
        with torch.inference_mode():
            tensor = torch.from_numpy(batch).to(
                self.device, self._type, memory_format=torch.channels_last
            )
            return self._net(tensor).float().cpu().numpy()

    def run_there(self, batch):
        """Return float32 logits (N, C, h, w) of a normalised batch, both tensors on the device."""
        typed = batch.to(self._type, memory_format=self._torch.channels_last)
        return self._net(typed).float()
