"""The ONNX files, as ONNX Runtime and OpenCV run them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from settled import settled_net

from segmenter.backends import OnnxBackend
from segmenter.device import Device
from segmenter.errors import MissingExtra
from segmenter.export.onnx import with_folded_norms, write_onnx
from segmenter.export.runtimes import OpenCvRuntime
from segmenter.nets import COMPARED

CPU = Device("cpu", 2, "test")
SIZES = ((64, 64), (96, 160), (224, 64))
# To export one takes up to a quarter of a minute; these have no layers that the others lack.
LIKE_OTHERS = ("segresnet", "hrnet")
NETS = [
    pytest.param(name, marks=pytest.mark.slow) if name in LIKE_OTHERS else name for name in COMPARED
]


def a_batch(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).normal(size=(1, 3, height, width)).astype(np.float32)


def logits_of(net, batch) -> np.ndarray:
    with torch.inference_mode():
        return net(torch.from_numpy(batch)).numpy()


def assert_same(logits, expected):
    assert expected.std() > 0.1  # else everything would be near
    np.testing.assert_allclose(logits, expected, atol=1e-3 * expected.std())


@pytest.fixture(scope="module", params=NETS)
def exported(request, tmp_path_factory):
    """Return a net and its file, whose height and width are free."""
    net, path = settled_net(request.param), tmp_path_factory.mktemp("onnx") / "net.onnx"
    if request.param == "deeplabv3":
        return net, request.getfixturevalue("released").files["onnx"]
    write_onnx(net, path)
    return net, path


def test_onnx_runtime_gives_the_same_logits_at_any_size(exported):
    net, path = exported
    backend = OnnxBackend(path, CPU)
    for size in (*SIZES, (32, 96)):
        assert_same(backend.run(a_batch(*size)), logits_of(net, a_batch(*size)))


@pytest.mark.skipif(not OpenCvRuntime.takes_any_size(), reason="OpenCV 4 wants fixed sizes")
def test_opencv_gives_the_same_logits_at_any_size(exported):
    net, path = exported
    runtime = OpenCvRuntime(path)
    for size in SIZES:
        assert_same(runtime.run(a_batch(*size)), logits_of(net, a_batch(*size)))


@pytest.mark.parametrize("architecture", ["deeplabv3", "segnet"])
def test_the_opencv_before_version_5_runs_the_fixed_size_file(architecture, tmp_path):
    """OpenCV 5 still has the engine of OpenCV 4, which can't load files of free size."""
    net, path, batch = settled_net(architecture), tmp_path / "net.onnx", a_batch(64, 64)
    write_onnx(net, path, fixed_size=64)
    engine = [cv2.dnn.ENGINE_CLASSIC] if hasattr(cv2.dnn, "ENGINE_CLASSIC") else []
    opencv = cv2.dnn.readNetFromONNX(str(path), *engine)
    opencv.setInput(batch)
    assert_same(opencv.forward(), logits_of(net, batch))
    assert_same(OnnxBackend(path, CPU).run(batch), logits_of(net, batch))


def test_folding_takes_the_norms_out_of_a_copy_and_changes_nothing_else():
    net = settled_net("deeplabv3")
    folded = with_folded_norms(net)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in net.modules())
    assert_same(logits_of(folded, a_batch(64, 96)), logits_of(net, a_batch(64, 96)))


def test_the_file_names_no_path_of_the_machine_it_was_made_on(exported):
    content = exported[1].read_bytes()
    assert str(Path(__file__).parents[2]).encode() not in content
    assert b"site-packages" not in content


def test_a_missing_exporter_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    with pytest.raises(MissingExtra, match="pip install onnx onnxscript"):
        write_onnx(torch.nn.Identity(), tmp_path / "net.onnx")
