import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest

from segmenter.backends import OnnxBackend, OpenVinoBackend, TorchBackend
from segmenter.backends.session_cache import OFTEN
from segmenter.device import Device
from segmenter.errors import MissingExtra, WeightsUnavailable
from segmenter.weights import fetch
from segmenter.weights.finding import BUNDLED, DEFAULT

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


def run_often(backend, batch):
    """Run until the shape has a session of its own, if it can have one."""
    for _ in range(OFTEN):
        backend.run(batch, comes_again=True)
    backend.sessions.settle()


def test_a_shape_that_comes_often_gets_its_own_session_and_the_same_logits(backends):
    generator = np.random.default_rng(3)
    first, second = (generator.normal(size=(1, 3, 64, 96)).astype(np.float32) for _ in range(2))
    backend = OnnxBackend(fetch(file="onnx").path, CPU)
    run_often(backend, first)
    assert type(backend.sessions.get(first.shape)).__name__ == "FixedSession"
    kept, other = (backend.run(batch, comes_again=True) for batch in (first, second))
    np.testing.assert_allclose(other, backends[0].run(second), atol=1e-4)
    np.testing.assert_allclose(kept, backends[0].run(first), atol=1e-4)  # not overwritten


def test_photos_do_not_take_the_sessions_of_cameras():
    backend = OnnxBackend(fetch(file="onnx").path, CPU, often=1)
    batch = np.zeros((1, 3, 32, 32), np.float32)
    for _ in range(3):
        backend.run(batch)
    backend.sessions.settle()
    assert backend.sessions.get(batch.shape) is None


class TestOpenVino:
    @pytest.fixture(autouse=True)
    def installed(self):
        pytest.importorskip("openvino")

    def test_shapes_seen_often_are_its_own_and_all_logits_agree(self, backends):
        """It calculates in bfloat16 where the processor can, with 8 bits of precision."""
        generator = np.random.default_rng(5)
        first, second = (generator.normal(size=(1, 3, 64, 96)).astype(np.float32) for _ in range(2))
        backend = OpenVinoBackend(fetch(file="onnx").path, CPU)
        run_often(backend, first)
        kept, other = (backend.run(batch, comes_again=True) for batch in (first, second))
        assert type(backend.sessions.get(first.shape)).__name__ == "OpenVinoSession"
        for logits, batch in ((kept, first), (other, second)):
            assert logits.dtype == np.float32 and logits.shape == (1, 1, 64, 96)
            np.testing.assert_allclose(logits, backends[0].run(batch), atol=0.5)

    def test_threads_that_share_a_session_get_each_their_own_logits(self):
        check_threads(OpenVinoBackend(fetch(file="onnx").path, CPU))

    def test_a_file_that_is_gone_by_then_stops_nothing(self, tmp_path):
        check_gone(OpenVinoBackend, tmp_path, runs_before=1)  # what photos need is loaded then

    def test_videos_need_no_other(self):
        backend = OpenVinoBackend(fetch(file="onnx").path, CPU)
        backend.sessions.expect((1, 3, 32, 32))
        backend.sessions.settle()
        batch = np.zeros((1, 3, 32, 32), np.float32)
        backend._load = None
        assert backend.run(batch, comes_again=True).shape == (1, 1, 32, 32)

    def test_it_asks_no_server(self, tmp_path):
        """Its package for telemetry does so from a thread, in a process forked for that."""
        assert run_at_home(ASKING, tmp_path) == "OpenVinoSession\n"
        assert list(tmp_path.iterdir()) == []


def run_at_home(program, home):
    """Run a program whose user's folder is `home`, and return what it prints."""
    # What may turn telemetry off anyway, or have it kept elsewhere.
    left_out = {"CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    environment = {word: value for word, value in os.environ.items() if word not in left_out}
    environment["HOME"] = str(home)  # where a number for the user would be kept
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_onnx_runtime_keeps_nothing_to_tell_a_server(tmp_path):
    """From 1.29 on, on Linux, it opens a data base of what it tells when it is imported."""
    program = f"""
import sys
sys.path.insert(0, {str(BUNDLED.parent)!r})

from segmenter import Segmenter

print(Segmenter(backend="onnx", device="cpu").backend.name)
"""
    assert run_at_home(program, tmp_path) == "ONNX Runtime\n"
    assert list(tmp_path.iterdir()) == []


# In a process of its own, which has not imported it yet.
ASKING = f"""
import sys
sys.path.insert(0, {str(BUNDLED.parent)!r})

def tell(event, _):
    if event in ("os.fork", "os.posix_spawn", "subprocess.Popen") or event.startswith("socket."):
        print(event, flush=True)

import numpy as np
from segmenter import Segmenter

segmenter = Segmenter(backend="openvino", device="cpu")
sys.addaudithook(tell)
segmenter.expect(32, 32, 32, wait=True)
segmenter.probability(np.zeros((32, 32, 3), np.uint8), 32)
print(type(segmenter.backend.sessions.get((1, 3, 32, 32))).__name__)
"""


def test_openvino_that_is_broken_stops_nothing(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "openvino", None)  # an import of it fails
    backend = OpenVinoBackend(fetch(file="onnx").path, CPU)
    batch = np.zeros((1, 3, 32, 32), np.float32)
    run_often(backend, batch)
    assert backend.run(batch, comes_again=True).shape == (1, 1, 32, 32)


def test_openvino_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install openvino"):
        OpenVinoBackend(fetch(file="onnx").path, CPU)


def check_threads(backend):
    """Let four threads run different batches of one shape through one session."""
    generator = np.random.default_rng(4)
    batches = [generator.normal(size=(1, 3, 64, 64)).astype(np.float32) for _ in range(4)]
    run_often(backend, batches[0])
    run = partial(backend.run, comes_again=True)
    expected = [run(batch) for batch in batches]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(run, 5 * batches))
    for answer, logits in zip(answers, 5 * expected, strict=True):
        np.testing.assert_array_equal(answer, logits)


def test_threads_that_share_a_session_get_each_their_own_logits():
    check_threads(OnnxBackend(fetch(file="onnx").path, CPU))


def test_a_file_that_is_gone_by_then_stops_nothing(tmp_path):
    check_gone(OnnxBackend, tmp_path, runs_before=0)


def check_gone(kind, folder, *, runs_before):
    """Take the file away before a session is made of it."""
    copy = Path(shutil.copy(fetch(file="onnx").path, folder))
    backend = kind(copy, CPU)
    batch = np.zeros((1, 3, 32, 32), np.float32)
    for _ in range(runs_before):
        backend.run(batch)
    copy.unlink()
    run_often(backend, batch)
    assert backend.run(batch, comes_again=True).shape == (1, 1, 32, 32)


def write_network(path, *, kind=onnx.TensorProto.FLOAT, size=("height", "width")):
    """Write a network of somebody else's: the sum of the channels as `kind`, and its negative."""
    ones = onnx.numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "ones")
    nodes = [
        onnx.helper.make_node("Conv", ["photo", "ones"], ["sum"]),
        onnx.helper.make_node("Cast", ["sum"], ["out"], to=kind),
        onnx.helper.make_node("Neg", ["out"], ["aux"]),
    ]
    photo = onnx.helper.make_tensor_value_info("photo", onnx.TensorProto.FLOAT, (1, 3, *size))
    outputs = [onnx.helper.make_tensor_value_info(n, kind, (1, 1, *size)) for n in ("out", "aux")]
    graph = onnx.helper.make_graph(nodes, "sum", [photo], outputs, [ones])
    opset = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), path)


@pytest.mark.parametrize("kind", ["FLOAT", "FLOAT16", "DOUBLE"])
@pytest.mark.parametrize("backend", [OnnxBackend, OpenVinoBackend])
def test_of_several_outputs_the_first_is_taken_and_in_float32(backend, kind, tmp_path):
    if backend is OpenVinoBackend:
        pytest.importorskip("openvino")
    write_network(tmp_path / "sum.onnx", kind=getattr(onnx.TensorProto, kind))
    backend = backend(tmp_path / "sum.onnx", CPU)
    batch = np.random.default_rng(4).random((1, 3, 32, 48), np.float32)
    seldom = backend.run(batch)
    run_often(backend, batch)
    assert backend.sessions.get(batch.shape)
    for logits in (seldom, backend.run(batch, comes_again=True)):
        assert logits.dtype == np.float32
        np.testing.assert_allclose(logits, batch.sum(axis=1, keepdims=True), rtol=1e-2)


def test_a_network_for_another_size_is_told_in_a_sentence(tmp_path):
    write_network(tmp_path / "sum.onnx", size=(64, 64))
    backend = OnnxBackend(tmp_path / "sum.onnx", CPU, often=1)
    with pytest.raises(WeightsUnavailable, match=r"48x32 pixels"):
        backend.run(np.zeros((1, 3, 32, 48), np.float32), comes_again=True)
    backend.sessions.settle()  # a thread that failed would fail the test


def test_a_broken_file_is_told(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"broken")
    (tmp_path / "x.safetensors").write_bytes(b"broken")
    with pytest.raises(WeightsUnavailable, match=r"x\.onnx"):
        OnnxBackend(tmp_path / "x.onnx", CPU)
    with pytest.raises(WeightsUnavailable, match=r"x\.onnx"):
        OpenVinoBackend(tmp_path / "x.onnx", CPU).run(np.zeros((1, 3, 32, 32), np.float32))
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
