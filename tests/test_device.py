import pytest

from segmenter import device
from segmenter.errors import InvalidInput


def test_cpu_cores_decides(monkeypatch):
    monkeypatch.setenv("CPU_CORES", "3")
    assert device.count_threads() == 3


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
