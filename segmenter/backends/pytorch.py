"""Networks run by PyTorch."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmenter.device import Device
from segmenter.errors import MissingExtra, WeightsUnavailable, first_line


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
