"""An ONNX network in 8-bit whole numbers: a third of the size, and faster on most processors.

Weights have a scale per channel, activations one found on calibration photos (Jacob et al. 2018,
arXiv:1712.05877).
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from segmenter.export.onnx import require_exporter
from segmenter.preprocess import Batch


def write_int8(graph: Path, path: Path, batches: Iterable[Batch]) -> None:
    """Write the quantised form of an ONNX file, with the same input and output, both float32.

    Args:
        graph: what `write_onnx` wrote.
        path: the file.
        batches: about a hundred, made of pictures such as the network will meet.

    Raises:
        MissingExtra: onnx is not installed.
    """
    require_exporter()
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with TemporaryDirectory() as folder, without_warnings():
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(graph), str(prepared), skip_symbolic_shape=True)
        nodes = onnx.load(prepared).graph.node
        quantize_static(
            str(prepared),
            str(path),
            Calibration(batches),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            # The first convolution has few weights and sees pixels as they are: it stays whole.
            nodes_to_exclude=[next(node.name for node in nodes if node.op_type == "Conv")],
            # Of 7 bits: a processor without VNNI adds two products in 16, which 8 bits overflow.
            reduce_range=True,
        )


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep the quantiser from naming each channel that has next to no weights; none is harmed."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


class Calibration:
    """Gives the batches one by one, as onnxruntime's CalibrationDataReader does."""

    def __init__(self, batches: Iterable[Batch]):
        self.batches = iter(batches)

    def get_next(self) -> dict[str, Batch] | None:
        """Return the next batch by the input's name; None after the last."""
        batch = next(self.batches, None)
        return None if batch is None else {"batch": batch}
