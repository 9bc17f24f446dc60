"""What runs a network: float32 batch (N, 3, h, w) in, float32 logits (N, C, h, w) out."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segmenter.device import Device
from segmenter.errors import MissingExtra, WeightsUnavailable


class Backend(Protocol):
    """A network made ready; `run` may be called from several threads."""

    name: str

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits of a normalised batch."""


class OnnxBackend:
    """ONNX Runtime, the fastest on a CPU."""

    name = "ONNX Runtime"

    def __init__(self, path: Path, device: Device):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = device.threads
        # Idle threads that spin would take the cores from decoding, refining and encoding.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        if (
            device.kind == "cuda"
            and "CUDAExecutionProvider" in onnxruntime.get_available_providers()
        ):
            providers.insert(0, "CUDAExecutionProvider")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # the library raises a family of its own without a public base
            raise WeightsUnavailable(
                f"ONNX Runtime can't load {path.name}: {first_line(error)}; fetch the file again"
            ) from error
        self._input = self._session.get_inputs()[0].name

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits of a normalised batch."""
        return self._session.run(None, {self._input: batch})[0]


class TorchBackend:
    """PyTorch: on CUDA in float16, on a CPU in float32."""

    name = "PyTorch"

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
        self._device = torch.device(device.kind)
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
        self._net = net.eval().to(self._device, self._type, memory_format=torch.channels_last)

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits of a normalised batch."""
        torch = self._torch
        with torch.inference_mode():
            tensor = torch.from_numpy(batch).to(
                self._device, self._type, memory_format=torch.channels_last
            )
            return self._net(tensor).float().cpu().numpy()

    @property
    def device(self):
        """The torch.device that the network is on."""
        return self._device

    def run_there(self, batch):
        """Return float32 logits (N, C, h, w) of a normalised batch, both tensors on the device."""
        typed = batch.to(self._type, memory_format=self._torch.channels_last)
        return self._net(typed).float()


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, for a one-sentence message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
