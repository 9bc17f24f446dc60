"""What runs a network: float32 batch (N, 3, h, w) in, float32 logits (N, C, h, w) out."""

from segmenter.backends.contract import Backend
from segmenter.backends.onnx import OnnxBackend
from segmenter.backends.openvino import OpenVinoBackend, has_openvino
from segmenter.backends.pytorch import TorchBackend

__all__ = ["Backend", "OnnxBackend", "OpenVinoBackend", "TorchBackend", "has_openvino"]
