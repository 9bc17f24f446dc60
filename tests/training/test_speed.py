import json
import shutil
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.numpy import load_file

from segmenter.device import choose_device
from segmenter.training import speed
from segmenter.training.speed import count_parameters, measure_network
from segmenter.weights import Weights
from segmenter.weights.finding import BUNDLED, DEFAULT

CPU = choose_device("cpu")


@pytest.fixture
def record(monkeypatch):
    """The bundled record for small inputs, each measured twice."""
    monkeypatch.setattr(speed, "PATIENCE_S", 0.0)
    monkeypatch.setattr(speed, "FEWEST", 2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several wait for each other for seconds on a busy machine
    yield replace(Weights.from_json((BUNDLED / f"{DEFAULT}.json").read_text()), live_size=64)
    torch.set_num_threads(threads)


def changed(folder, record, **changes):
    """Write the bundled record, changed, beside what it names."""
    values = {**json.loads(record.to_json()), **changes}
    path = folder / "changed.json"
    path.write_text(json.dumps(values))
    for name in filter(None, (values["onnx"], values["safetensors"])):
        shutil.copy(BUNDLED / name, folder)
    return str(path), Weights.from_json(path.read_text())


def test_both_backends_are_timed_and_parameters_counted(record):
    network = measure_network(None, record, CPU)
    assert network.onnx_ms > 0 and network.torch_ms > 0
    tensors = load_file(BUNDLED / record.safetensors)
    # Batch normalisation's statistics are stored, but not learned.
    learned = [
        tensor.size
        for name, tensor in tensors.items()
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
    ]
    assert network.parameters == sum(learned)


def test_what_the_record_does_not_name_is_not_timed(record, tmp_path, caplog):
    model, without = changed(tmp_path, record, safetensors=None)
    network = measure_network(model, without, CPU)
    assert network.torch_ms is None and network.onnx_ms > 0 and caplog.text == ""


def test_a_file_that_is_missing_is_told_and_not_timed(record, tmp_path, caplog):
    model, same = changed(tmp_path, record)
    (tmp_path / record.onnx).unlink()
    network = measure_network(model, same, CPU)
    assert network.onnx_ms is None and network.torch_ms > 0
    assert f"not timed with onnx: {tmp_path / record.onnx} is missing" in caplog.text


def test_a_missing_package_is_told_and_not_timed(record, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert measure_network(None, record, CPU).onnx_ms is None
    assert "onnxruntime" in caplog.text


def test_a_network_that_is_not_ours_has_no_count(record, tmp_path, caplog):
    _, foreign = changed(tmp_path, record, architecture="segformer", safetensors=None)
    assert count_parameters(foreign) is None and "segformer" in caplog.text


def test_the_median_is_of_the_calls_after_the_warm_up(monkeypatch):
    monkeypatch.setattr(speed, "PATIENCE_S", 0.0)
    clock = iter([0, 1, 1, 9, 9, 12, 12, 14, 14, 15])  # seconds: 1, 8, 3, 2 and 1 of them
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(clock))
    calls = []
    assert speed.median_ms(lambda: calls.append(1)) == 2000
    assert len(calls) == speed.WARM_UPS + speed.FEWEST
