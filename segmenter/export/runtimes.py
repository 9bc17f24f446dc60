"""What runs exported files: our own backends, OpenCV's dnn, and LiteRT."""

import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.backends import Backend, OnnxBackend, TorchBackend
from segmenter.device import Device
from segmenter.errors import InvalidInput, MissingExtra
from segmenter.weights import Weights

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """A file and what runs it."""

    path: Path
    backend: Backend


class OpenCvRuntime:
    """OpenCV's dnn module; before version 5 it takes only fixed-size files.

    OpenCV 5.0 errs when it enlarges features that are one pixel wide or high, which HRNet has where
    a side of the picture is 32 pixels: give it 64 or more.
    """

    name = "OpenCV dnn"

    def __init__(self, path: Path):
        self._path = path
        try:
            self._net = cv2.dnn.readNetFromONNX(str(path))
        except cv2.error as error:
            raise InvalidInput(
                f"OpenCV {cv2.__version__} can't load {path}; write a fixed-size file, or use "
                "OpenCV 5"
            ) from error

    @staticmethod
    def takes_any_size() -> bool:
        """Return whether the OpenCV that is installed loads files whose sides are free."""
        return int(cv2.__version__.split(".")[0]) >= 5

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the (1,C,h,w) logits of a normalised (1,3,h,w) batch."""
        self._net.setInput(batch)
        try:
            return self._net.forward()
        except cv2.error as error:  # found out only now; torchvision's networks are such
            raise InvalidInput(f"OpenCV {cv2.__version__} can't run {self._path}") from error


class TfliteRuntime:
    """LiteRT, which phones run TFLite files with."""

    name = "LiteRT"

    def __init__(self, path: Path, threads: int):
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise MissingExtra(
                "running TFLite needs ai-edge-litert: pip install ai-edge-litert"
            ) from error
        self._interpreter = Interpreter(str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the (1,C,h,w) logits of a normalised (1,3,h,w) batch of the file's size."""
        self._interpreter.set_tensor(self._input, batch.transpose(0, 2, 3, 1))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output).transpose(0, 3, 1, 2)


def open_all(files: dict[str, Path], record: Weights, device: Device, side: int) -> list[Exported]:
    """Make every file of a release ready, PyTorch's first.

    Args:
        files: by kind, as `release.export` returns them.
        record: of the release.
        device: a CPU.
        side: pixels of the square that they will see.
    """
    tensors = files["safetensors"]
    torch = TorchBackend(tensors, record.architecture, device, record.classes)
    exported = [Exported(tensors, torch)]
    for kind in ("onnx", "fixed", "int8"):
        if kind in files:
            exported.append(Exported(files[kind], OnnxBackend(files[kind], device)))
    for kind in ("onnx", "fixed"):
        if kind in files and (kind == "fixed" or OpenCvRuntime.takes_any_size()):
            exported += with_opencv(files[kind], side)
    if "tflite" in files:
        exported.append(Exported(files["tflite"], TfliteRuntime(files["tflite"], device.threads)))
    return exported


def with_opencv(path: Path, side: int) -> list[Exported]:
    """Return a file as OpenCV runs it; nothing, and a word of it, when OpenCV can't."""
    try:
        runtime = OpenCvRuntime(path)
        runtime.run(np.zeros((1, 3, side, side), np.float32))
    except InvalidInput as error:
        log.warning("left out of the comparison: %s", error)
        return []
    return [Exported(path, runtime)]
