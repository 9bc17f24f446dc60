import hashlib

import numpy as np
import pytest
import torch

from segmenter.backends import OnnxBackend, TorchBackend
from segmenter.device import Device
from segmenter.export.onnx import export_checkpoint
from segmenter.nets import build
from segmenter.weights import fetch

CPU = Device("cpu", 2, "test")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Export a net with random weights, whose norms have seen something."""
    folder = tmp_path_factory.mktemp("export")
    torch.manual_seed(0)
    net = build("deeplabv3").train()
    with torch.no_grad():
        net(torch.randn(4, 3, 64, 64))
    torch.save({"average": net.state_dict()}, folder / "checkpoint.pt")
    return export_checkpoint(folder / "checkpoint.pt", folder / "out", "tiny", "deeplabv3")


@pytest.mark.parametrize("size", [(64, 64), (96, 160), (320, 32)])
def test_onnx_and_safetensors_are_the_same_network_at_any_size(released, size):
    tensors, graph, _ = released
    batch = np.random.default_rng(0).normal(size=(1, 3, *size)).astype(np.float32)
    onnx = OnnxBackend(graph, CPU).run(batch)
    np.testing.assert_allclose(
        onnx, TorchBackend(tensors, "deeplabv3", CPU).run(batch), rtol=1e-3, atol=1e-3
    )


def test_the_record_is_true_and_can_be_used(released):
    tensors, graph, record = released
    for kind, path in (("onnx", graph), ("safetensors", tensors)):
        fetched = fetch(str(record), file=kind)
        assert fetched.path == path
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert fetched.record.sha256[path.name] == digest
