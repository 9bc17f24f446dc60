"""Networks run by OpenVINO, where it is installed."""

import importlib
import importlib.util
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmenter.backends.onnx import OnnxBackend
from segmenter.backends.session_cache import MOST_SESSIONS, OFTEN, Session, Shape
from segmenter.device import Device
from segmenter.errors import MissingExtra, WeightsUnavailable, first_line


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
            return self._request.get_output_tensor(0).data.astype(np.float32)
