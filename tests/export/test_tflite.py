"""TFLite files: converted by LiteRT Torch, run by LiteRT."""

import sys
from importlib.util import find_spec

import pytest

from segmenter.backends import TorchBackend
from segmenter.device import Device
from segmenter.errors import MissingExtra, OutputFailed
from segmenter.export.parity import compare
from segmenter.export.photos import parity_photos
from segmenter.export.release import ExportOptions, export
from segmenter.export.runtimes import Exported, TfliteRuntime
from segmenter.export.tflite import write_tflite
from segmenter.weights import read_record
from segmenter.weights.finding import BUNDLED

CPU = Device("cpu", 2, "test")
RECORD = BUNDLED / "deeplabv3-portrait.json"
TENSORS = BUNDLED / "deeplabv3-portrait.safetensors"
SIDE = 64

needs_converter = pytest.mark.skipif(
    find_spec("litert_torch") is None or find_spec("ai_edge_litert") is None,
    reason="needs the extra: pip install litert-torch ai-edge-litert",
)


@needs_converter
def test_it_gives_pytorchs_probabilities(tmp_path):
    path = tmp_path / "net.tflite"
    write_tflite(TENSORS, "deeplabv3", 1, SIDE, path)
    exported = [
        Exported(TENSORS, TorchBackend(TENSORS, "deeplabv3", CPU)),
        Exported(path, TfliteRuntime(path, CPU.threads)),
    ]
    reference, row = compare(exported, parity_photos(None, 4), read_record(RECORD), SIDE)
    assert reference.largest == 0
    assert row.largest < 1e-2
    assert row.megabytes == pytest.approx(reference.megabytes, rel=0.1)


@needs_converter
def test_what_it_can_not_convert_is_told_in_one_sentence(tmp_path):
    with pytest.raises(OutputFailed, match=r"can't convert unet to TFLite \(.+\); try") as caught:
        write_tflite(TENSORS, "unet", 1, SIDE, tmp_path / "net.tflite")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "net.tflite").exists()


def test_a_missing_converter_is_named_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr("segmenter.export.tflite.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install litert-torch"):
        export(RECORD, tmp_path / "files", ExportOptions(formats=("tflite",)))
    assert not (tmp_path / "files").exists()


def test_a_missing_run_time_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(MissingExtra, match="pip install ai-edge-litert"):
        TfliteRuntime(tmp_path / "net.tflite", threads=1)
