import pytest

from segmenter import device
from segmenter.errors import InvalidInput


def test_cpu_cores_decides(monkeypatch):
    monkeypatch.setenv("CPU_CORES", "3")
    assert device.count_threads() == 3


@pytest.mark.parametrize("stated", ["", "0", "-2", "two", "²"])
def test_what_is_no_number_of_cores_decides_nothing(monkeypatch, stated):
    monkeypatch.delenv("CPU_CORES", raising=False)
    expected = device.count_threads()
    monkeypatch.setenv("CPU_CORES", stated)
    assert device.count_threads() == expected


def test_a_containers_quota_limits_the_threads(monkeypatch, tmp_path):
    monkeypatch.delenv("CPU_CORES", raising=False)
    quota = tmp_path / "cpu.max"
    quota.write_text("50000 100000\n")  # half a CPU
    monkeypatch.setattr(device, "CGROUP_QUOTA", quota)
    assert device.count_threads() == 1


@pytest.mark.parametrize(("text", "cpus"), [("150000 100000", 2), ("400000 100000", 4)])
def test_quota_is_rounded_up(tmp_path, text, cpus):
    (tmp_path / "cpu.max").write_text(text)
    assert device.quota_cpus(tmp_path / "cpu.max") == cpus


def test_no_quota_is_no_limit(tmp_path):
    (tmp_path / "cpu.max").write_text("max 100000")
    assert device.quota_cpus(tmp_path / "cpu.max") > 1000
    assert device.quota_cpus(tmp_path / "absent") > 1000


def test_the_choice_says_why(monkeypatch):
    monkeypatch.setattr(device, "cuda_name", lambda: None)
    monkeypatch.setenv("CPU_CORES", "2")
    assert device.choose_device().describe() == "CPU, 2 threads (no CUDA device)"
    monkeypatch.setattr(device, "cuda_name", lambda: "Test GPU")
    assert device.choose_device().describe() == "CUDA (Test GPU)"
    assert device.choose_device("cpu").kind == "cpu"


def test_cuda_where_there_is_none_is_refused(monkeypatch):
    monkeypatch.setattr(device, "cuda_name", lambda: None)
    with pytest.raises(InvalidInput, match="no CUDA device"):
        device.choose_device("cuda")
    with pytest.raises(InvalidInput, match="tpu"):
        device.choose_device("tpu")


@pytest.fixture
def card(monkeypatch, tmp_path):
    """A driver, and a card that PyTorch sees; torch is given."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(device, "DRIVERS", (tmp_path,))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: "Test GPU")
    return torch


def test_a_card_that_works_is_chosen(card, monkeypatch):
    zeros = card.zeros
    monkeypatch.setattr(card, "zeros", lambda count, device: zeros(count))
    assert device.cuda_name() == "Test GPU"


def test_a_card_that_pytorch_sees_but_can_not_use_is_none(card, monkeypatch, caplog):
    """One that is older than the kernels in this PyTorch, or whose memory others have taken."""

    def fail(count, device):
        raise RuntimeError("CUDA error: no kernel image is available\nand more")

    monkeypatch.setattr(card, "zeros", fail)
    assert device.choose_device().reason == "no CUDA device"
    (said,) = caplog.messages
    assert said.endswith("can't be used: CUDA error: no kernel image is available")
    with pytest.raises(InvalidInput, match="no CUDA device"):
        device.choose_device("cuda")


def test_without_a_driver_torch_is_not_asked(card, monkeypatch, tmp_path):
    monkeypatch.setattr(device, "DRIVERS", (tmp_path / "none",))
    assert device.cuda_name() is None
