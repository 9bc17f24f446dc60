"""A network as TFLite, for phones and small boards, converted by LiteRT Torch.

The converter prints from C++, warns, and loads JAX beside PyTorch: it gets a process of its own.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from segmenter.errors import MissingExtra, OutputFailed

PROJECT = Path(__file__).parents[2]


def require_converter() -> None:
    """Raise MissingExtra when LiteRT Torch is not installed."""
    if find_spec("litert_torch") is None:
        raise MissingExtra("writing TFLite needs litert-torch: pip install litert-torch")


def write_tflite(tensors: Path, architecture: str, classes: int, size: int, path: Path) -> None:
    """Write one file: normalised (1,size,size,3) float32 in, logits (1,size,size,classes) out.

    The channels come last, as TFLite's own libraries for phones have them.

    Args:
        tensors: the network's .safetensors.
        architecture: a name that `nets.build` knows.
        classes: channels of the logits.
        size: pixels; height and width are fixed.
        path: the file.

    Raises:
        MissingExtra: LiteRT Torch is not installed.
        OutputFailed: it can't convert this network.
    """
    require_converter()
    words = [str(tensors.resolve()), architecture, str(classes), str(size), str(path.resolve())]
    paths = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-m", "segmenter.export.tflite", *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it stopped without a word"])[-1]
        raise OutputFailed(
            f"litert-torch can't convert {architecture} to TFLite ({reason}); "
            "try another version of it, or leave tflite out"
        )


def convert(tensors: Path, architecture: str, classes: int, size: int, path: Path) -> None:
    """Do the work of `write_tflite` in this process."""
    import torch
    from safetensors.torch import load_file

    from segmenter.export.onnx import with_folded_norms
    from segmenter.nets import build

    net = build(architecture, classes)
    net.load_state_dict(load_file(tensors))
    # Last, for it takes longer to load than a wrong file takes to be found out.
    import litert_torch

    net = litert_torch.to_channel_last_io(with_folded_norms(net.eval()), args=[0], outputs=[0])
    litert_torch.convert(net.eval(), (torch.zeros(1, size, size, 3),)).export(str(path))


if __name__ == "__main__":
    given = sys.argv[1:]
    convert(Path(given[0]), given[1], int(given[2]), int(given[3]), Path(given[4]))
