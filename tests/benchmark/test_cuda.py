"""The arithmetic of floors, and one small run of the measurements on torch's CPU device."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from segmenter.benchmark import cuda
from segmenter.benchmark.cuda import Ceiling, Work, measure_card, measure_ceiling, work_of
from segmenter.benchmark.report import Report
from segmenter.inference import Segmenter

CEILING = Ceiling(moved_bytes=2e12, operations=1e14, bus_bytes=2e10)


def test_the_slower_of_bytes_and_operations_is_the_floor():
    assert Work(4e9, 1e11).floor_ms(CEILING) == pytest.approx(2)
    assert Work(4e9, 5e11).floor_ms(CEILING) == pytest.approx(5)
    assert (Work(1e9, 1e11) + Work(5e9)).floor_ms(CEILING) == pytest.approx(3)


def test_what_a_network_needs_is_counted_by_hand():
    """An input of 8x8, two kernels of 3x3 and as many outputs, then a product of each pixel."""
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 2, 3, padding=1, bias=False),
        torch.nn.BatchNorm2d(2),
        torch.nn.ReLU(),
        torch.nn.Conv2d(2, 5, 1, bias=False),
    ).eval()
    with torch.inference_mode():
        found = work_of(net, torch.zeros(4, 3, 8, 8))
    pixels = 4 * 8 * 8
    values = pixels * (3 + 2) + 2 * 3 * 9 + pixels * (2 + 5) + 2 * 5
    assert found.moved_bytes == 4 * values  # float32
    assert found.operations == 2 * pixels * (2 * 3 * 9 + 2 * 5)


def test_a_frames_row_comes_from_its_batch():
    row = cuda.row_of("x", "y", [16.0, 8.0, 24.0], 8, 4.0)
    assert (row.median_ms, row.per_s, row.floor_ms, row.count) == (2.0, 500.0, 0.5, 3)


def test_ceilings_are_rates(monkeypatch):
    """A copy reads and writes; a product of n is 2 n cubed; the slower way of the bus counts."""
    monkeypatch.setattr(cuda, "measure_on", lambda device, call, repeats: [7.0, 5.0])
    found = measure_ceiling(torch.device("cpu"), copied_bytes=1000, side=10)
    assert found == Ceiling(2000 / 0.005, 2000 / 0.005, 1000 / 0.005)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def test_a_run_gives_every_row_and_its_floor(device):
    segmenter = Segmenter(backend="torch", device=device)
    frames = list(np.random.default_rng(1).integers(0, 255, (2, 36, 64, 3), np.uint8))
    rows, remark = measure_card(segmenter, frames, repeats=1, ceiling=CEILING)
    assert [row.what for row in rows] == [
        "network alone",
        "network, refine, composite",
        "the same, from memory to memory",
    ]
    assert {row.where for row in rows} == {"64x36, 2 at a time"}
    assert all(row.per_s > 0 and row.floor_ms > 0 for row in rows)
    assert rows[1].floor_ms >= rows[0].floor_ms
    assert "2000 GB/s" in remark and "100.0 TFLOP/s" in remark


def test_the_report_tells_how_far_from_the_floor():
    row = replace(cuda.row_of("network alone", "64x36", [4.0], 8, 1.0), part="cuda")
    text = Report("CUDA", {}, [row]).to_markdown()
    assert "| network alone, 64x36 | 0.500 (0.500) | 2000 | 0.1250 | 4.00 |" in text
