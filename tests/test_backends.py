import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from segmenter.backends import (
    MOST_SESSIONS,
    OFTEN,
    OnnxBackend,
    OpenVinoBackend,
    TorchBackend,
)
from segmenter.device import Device
from segmenter.errors import MissingExtra, WeightsUnavailable
from segmenter.weights import BUNDLED, DEFAULT, fetch

CPU = Device("cpu", 2, "test")


@pytest.fixture(scope="module")
def backends():
    return (
        OnnxBackend(fetch(file="onnx").path, CPU),
        TorchBackend(fetch(file="safetensors").path, "deeplabv3", CPU),
    )


@pytest.mark.parametrize("size", [(32, 32), (256, 192), (160, 288), (384, 384)])
def test_both_give_the_same_logits(backends, size):
    batch = np.random.default_rng(0).normal(size=(1, 3, *size)).astype(np.float32)
    onnx, torch = (backend.run(batch) for backend in backends)
    assert onnx.shape == torch.shape == (1, 1, *size)
    assert onnx.dtype == torch.dtype == np.float32
    np.testing.assert_allclose(onnx, torch, atol=1e-3)


def test_a_shape_that_comes_often_gets_its_own_session_and_the_same_logits():
    generator = np.random.default_rng(3)
    first, second = (generator.normal(size=(1, 3, 64, 96)).astype(np.float32) for _ in range(2))
    backend = OnnxBackend(fetch(file="onnx").path, CPU)
    expected = backend.run(first), backend.run(second)
    for _ in range(OFTEN):
        backend.run(first)
    assert list(backend._fixed) == [(1, 3, 64, 96)]
    kept = backend.run(first)
    np.testing.assert_allclose(backend.run(second), expected[1], atol=1e-4)
    np.testing.assert_allclose(kept, expected[0], atol=1e-4)  # not overwritten by the second run


class TestOpenVino:
    @pytest.fixture(autouse=True)
    def installed(self):
        pytest.importorskip("openvino")

    def test_shapes_seen_often_are_its_own_and_all_logits_agree(self, backends):
        """It calculates in bfloat16 where the processor can, with 8 bits of precision."""
        generator = np.random.default_rng(5)
        first, second = (generator.normal(size=(1, 3, 64, 96)).astype(np.float32) for _ in range(2))
        backend = OpenVinoBackend(fetch(file="onnx").path, CPU, often=1)
        kept, other = backend.run(first), backend.run(second)
        assert type(backend._fixed[first.shape]).__name__ == "OpenVinoSession"
        for logits, batch in ((kept, first), (other, second)):
            assert logits.dtype == np.float32 and logits.shape == (1, 1, 64, 96)
            np.testing.assert_allclose(logits, backends[0].run(batch), atol=0.5)

    def test_a_session_that_is_busy_is_not_waited_for(self, backends):
        batch = np.random.default_rng(4).normal(size=(1, 3, 32, 32)).astype(np.float32)
        backend = OpenVinoBackend(fetch(file="onnx").path, CPU, often=1)
        backend.run(batch)
        with backend._fixed[batch.shape]._lock:
            np.testing.assert_allclose(backend.run(batch), backends[0].run(batch), atol=1e-4)

    def test_a_file_that_is_gone_by_then_stops_nothing(self, tmp_path):
        copy = Path(shutil.copy(fetch(file="onnx").path, tmp_path))
        backend = OpenVinoBackend(copy, CPU)
        copy.unlink()
        for _ in range(OFTEN + 1):
            logits = backend.run(np.zeros((1, 3, 32, 32), np.float32))
        assert logits.shape == (1, 1, 32, 32)


def test_openvino_that_is_broken_stops_nothing(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "openvino", None)  # an import of it fails
    backend = OpenVinoBackend(fetch(file="onnx").path, CPU, often=1)
    assert backend.run(np.zeros((1, 3, 32, 32), np.float32)).shape == (1, 1, 32, 32)


def test_openvino_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install openvino"):
        OpenVinoBackend(fetch(file="onnx").path, CPU)


def test_sessions_of_one_shape_are_few():
    backend = OnnxBackend(fetch(file="onnx").path, CPU)
    for size in (32, 64, 96):
        for _ in range(OFTEN + 1):
            backend.run(np.zeros((1, 3, 32, size), np.float32))
    assert len(backend._fixed) == MOST_SESSIONS == 2


def test_a_session_that_is_busy_is_not_waited_for():
    backend = OnnxBackend(fetch(file="onnx").path, CPU)
    batch = np.random.default_rng(4).normal(size=(1, 3, 32, 32)).astype(np.float32)
    for _ in range(OFTEN):
        expected = backend.run(batch)
    with backend._fixed[batch.shape]._lock:
        np.testing.assert_allclose(backend.run(batch), expected, atol=1e-4)


def test_a_file_that_is_gone_by_then_stops_nothing(tmp_path):
    copy = shutil.copy(fetch(file="onnx").path, tmp_path)
    backend = OnnxBackend(Path(copy), CPU)
    Path(copy).unlink()
    for _ in range(OFTEN + 1):
        logits = backend.run(np.zeros((1, 3, 32, 32), np.float32))
    assert logits.shape == (1, 1, 32, 32)


def test_a_broken_file_is_told(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"broken")
    (tmp_path / "x.safetensors").write_bytes(b"broken")
    with pytest.raises(WeightsUnavailable, match=r"x\.onnx"):
        OnnxBackend(tmp_path / "x.onnx", CPU)
    with pytest.raises(WeightsUnavailable, match=r"x\.safetensors"):
        TorchBackend(tmp_path / "x.safetensors", "deeplabv3", CPU)


def test_opencv_loads_the_graph_too():
    """A second reader of the ONNX file, by other people, agrees where the size is its own."""
    cv2 = pytest.importorskip("cv2")
    batch = np.random.default_rng(1).normal(size=(1, 3, 256, 192)).astype(np.float32)
    net = cv2.dnn.readNetFromONNX(str(BUNDLED / f"{DEFAULT}.onnx"))
    net.setInput(batch)
    ours = OnnxBackend(fetch(file="onnx").path, CPU).run(batch)
    np.testing.assert_allclose(net.forward(), ours, atol=1e-2)


@pytest.mark.cuda
def test_cuda_agrees_with_the_cpu(backends):
    batch = np.random.default_rng(0).normal(size=(1, 3, 256, 192)).astype(np.float32)
    path = fetch(file="safetensors").path
    cuda = TorchBackend(path, "deeplabv3", Device("cuda", 2, "test")).run(batch)
    np.testing.assert_allclose(cuda, backends[1].run(batch), atol=0.1)  # float16


def test_a_network_of_many_classes_gives_a_channel_for_each(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    from segmenter.nets import build

    net = build("deeplabv3_mobilenet_v3_large", classes=21).eval()
    save_file(net.state_dict(), tmp_path / "voc.safetensors")
    backend = TorchBackend(
        tmp_path / "voc.safetensors", "deeplabv3_mobilenet_v3_large", CPU, classes=21
    )
    batch = np.random.default_rng(2).normal(size=(1, 3, 64, 96)).astype(np.float32)
    with torch.inference_mode():
        expected = net(torch.from_numpy(batch)).numpy()
    np.testing.assert_allclose(backend.run(batch), expected, atol=1e-4)
    with pytest.raises(WeightsUnavailable, match=r"1 class"):
        TorchBackend(tmp_path / "voc.safetensors", "deeplabv3_mobilenet_v3_large", CPU)


def test_pytorch_uses_as_many_threads_as_the_device_has():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    try:
        TorchBackend(fetch(file="safetensors").path, "deeplabv3", Device("cpu", 3, "test"))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
