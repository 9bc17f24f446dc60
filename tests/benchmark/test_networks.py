import shutil
from dataclasses import replace

import numpy as np
import pytest

from segmenter.benchmark.networks import batch_sizes, drawn_batches, measure_networks, open_backends
from segmenter.device import Device
from segmenter.weights import fetch, read_record
from segmenter.weights.finding import BUNDLED, DEFAULT

CPU = Device("cpu", 1, "test")


class Doubling:
    name = "doubling"

    def __init__(self):
        self.shapes = []

    def run(self, batch, *, comes_again):
        self.shapes.append(batch.shape)
        return 2 * batch


def test_every_backend_sees_the_sizes_of_camera_video_and_photo():
    record = replace(read_record(), live_size=256, photo_size=384, stride_multiple=32)
    assert batch_sizes(record) == [(160, 256), (224, 384), (256, 256), (384, 384)]
    backends = {"a": Doubling(), "b": Doubling()}
    rows = measure_networks(backends, record, repeats=1)
    assert [(row.what, row.where) for row in rows] == [
        (name, where)
        for where in ("256x160", "384x224", "256x256", "384x384")
        for name in ("a", "b")
    ]
    assert set(backends["b"].shapes) == {(1, 3, *size) for size in batch_sizes(record)}


def test_the_bundled_network_is_opened_by_all():
    graph = fetch(file="onnx").path
    pytest.importorskip("openvino")
    backends, remarks = open_backends(None, CPU, graph)
    assert remarks == []
    batch = np.zeros((1, 3, 32, 32), np.float32)
    answers = {name: backend.run(batch) for name, backend in backends.items()}
    assert list(answers) == ["ONNX Runtime", "ONNX Runtime, int8", "OpenVINO", "PyTorch"]
    np.testing.assert_allclose(answers["ONNX Runtime"], answers["OpenVINO"], atol=0.5)
    np.testing.assert_allclose(answers["ONNX Runtime"], answers["PyTorch"], atol=1e-3)


def test_a_backend_without_its_file_is_told_and_the_others_go_on(tmp_path):
    for ending in ("json", "onnx"):
        shutil.copy(BUNDLED / f"{DEFAULT}.{ending}", tmp_path)
    backends, remarks = open_backends(str(tmp_path / f"{DEFAULT}.json"), CPU)
    assert set(backends) - {"OpenVINO"} == {"ONNX Runtime"}
    assert remarks[-1].startswith("PyTorch is not measured")


def test_drawn_batches_are_as_the_network_wants_them():
    record = read_record()
    for batch in drawn_batches(record):
        assert batch.dtype == np.float32 and batch.shape[:2] == (1, 3)
        assert max(batch.shape) == record.live_size
        assert not any(side % record.stride_multiple for side in batch.shape[2:])
