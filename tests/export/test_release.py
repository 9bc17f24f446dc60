"""The files of a release and their records."""

import errno
import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from segmenter.backends import OnnxBackend, TorchBackend
from segmenter.device import Device
from segmenter.errors import InvalidDataset, InvalidInput, OutputFailed, WeightsUnavailable
from segmenter.export import release
from segmenter.export.int8 import write_int8
from segmenter.export.release import ExportOptions, export
from segmenter.weights import fetch, read_record

CPU = Device("cpu", 2, "test")


@pytest.fixture
def quick_onnx(monkeypatch):
    """Do not wait for the exporter where the file's content does not matter."""
    monkeypatch.setattr(release, "write_onnx", lambda net, path, size=None: path.write_text("net"))


def test_onnx_and_safetensors_are_the_same_network(released):
    batch = np.random.default_rng(0).normal(size=(1, 3, 96, 64)).astype(np.float32)
    torch_backend = TorchBackend(released.files["safetensors"], "deeplabv3", CPU)
    logits = OnnxBackend(released.files["onnx"], CPU).run(batch)
    np.testing.assert_allclose(logits, torch_backend.run(batch), rtol=1e-3, atol=1e-3)


def test_what_was_just_exported_can_be_quantised(released, tmp_path):
    batch = np.random.default_rng(0).normal(size=(1, 3, 64, 64)).astype(np.float32)
    write_int8(released.files["onnx"], tmp_path / "int8.onnx", [batch])
    assert (tmp_path / "int8.onnx").stat().st_size < 0.4 * released.files["onnx"].stat().st_size
    logits = OnnxBackend(tmp_path / "int8.onnx", CPU).run(batch)
    assert logits.shape == (1, 1, 64, 64) and np.isfinite(logits).all()


def test_the_record_is_true_and_can_be_used(released):
    assert {path.name for path in released.files.values()} == {
        "tiny.safetensors",
        "tiny.onnx",
        "tiny.json",
    }
    for kind in ("onnx", "safetensors"):
        fetched = fetch(str(released.files["record"]), file=kind)
        assert fetched.path == released.files[kind]
        digest = hashlib.sha256(fetched.path.read_bytes()).hexdigest()
        assert fetched.record.sha256[fetched.path.name] == digest


def test_all_files_may_be_read_by_the_same_people(released):
    assert len({path.stat().st_mode for path in released.files.values()}) == 1


def test_a_new_record_says_what_the_run_says(released):
    record = read_record(released.files["record"])
    assert record == released.record
    assert record.architecture == "deeplabv3" and record.licence == "unstated"
    assert record.mean == (0.5, 0.5, 0.5) and record.std == (0.25, 0.25, 0.25)
    assert (record.live_size, record.photo_size) == (64, 96)


def test_an_older_records_words_are_kept_but_not_its_scores(checkpoint, tmp_path, quick_onnx):
    first = export(checkpoint, tmp_path, ExportOptions(name="tiny")).record
    written = replace(
        first,
        licence="MIT",
        photo_size=320,
        std=(0.1, 0.1, 0.1),
        trained_on=("discs",),
        metrics={"miou": 1},
        repository="someone/tiny",
    )
    (tmp_path / "tiny.json").write_text(written.to_json())
    again = export(checkpoint, tmp_path, ExportOptions(name="tiny")).record
    assert (again.licence, again.photo_size, again.trained_on) == ("MIT", 320, ("discs",))
    assert again.std == (0.25, 0.25, 0.25)  # the run knows
    assert again.metrics == {} and again.repository is None


def test_a_file_in_the_records_place_is_named(checkpoint, tmp_path, quick_onnx):
    (tmp_path / "own.json").write_text("{}")
    with pytest.raises(WeightsUnavailable, match=r"in the way .*; remove .*own\.json, or give"):
        export(checkpoint, tmp_path, ExportOptions(name="own"))
    assert [path.name for path in tmp_path.glob("own*")] == ["own.json"]


def test_what_an_older_record_gives_is_told(checkpoint, tmp_path, quick_onnx, caplog):
    first = export(checkpoint, tmp_path, ExportOptions(name="tiny")).record
    assert caplog.text == ""
    written = replace(first, live_size=224, trained_on=("squares",))
    (tmp_path / "tiny.json").write_text(written.to_json())
    export(checkpoint, tmp_path, ExportOptions(name="tiny"))
    (told,) = caplog.messages
    kept = "live_size 224 (else 64), trained_on ('squares',) (else ())"
    assert told.startswith(f"{tmp_path / 'tiny.json'} keeps of the record that was there: {kept}; ")


def test_a_record_in_the_way_that_can_not_be_read_is_told_before_work(
    checkpoint, tmp_path, monkeypatch
):
    monkeypatch.setattr(release, "write_onnx", None)  # would end in a TypeError
    (tmp_path / "tiny.json").write_text("{")
    with pytest.raises(WeightsUnavailable, match=r"tiny\.json: the record is not JSON"):
        export(checkpoint, tmp_path, ExportOptions(name="tiny"))


def test_a_name_that_no_record_can_give_is_told_before_work(released, tmp_path, monkeypatch):
    monkeypatch.setattr(release, "write_onnx", None)
    source = released.files["record"].with_name("spaced.json")
    source.write_text(replace(released.record, name="my own").to_json())
    with pytest.raises(InvalidInput, match="'my own' can't be the name of the files; give --name"):
        export(source, tmp_path)


@pytest.mark.parametrize("kind", ["write_safetensors", "write_onnx"])
def test_a_full_disk_is_told(checkpoint, tmp_path, quick_onnx, monkeypatch, kind):
    def fill(*given):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(release, kind, fill)
    with pytest.raises(OutputFailed, match="No space left on device; free some space"):
        export(checkpoint, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_released_weights_are_exported_again_with_all_their_record(released, tmp_path, quick_onnx):
    record = replace(released.record, licence="MIT", metrics={"miou": 0.9}, person_class=None)
    record = replace(record, stride_multiple=24)
    source = released.files["record"].with_name("described.json")
    source.write_text(record.to_json())
    again = export(source, tmp_path)
    assert again.files["record"] == tmp_path / "tiny.json"
    assert again.record.metrics == {"miou": 0.9} and again.record.licence == "MIT"
    assert again.record.stride_multiple == 48, "as its tensors and the graph's sizes ask for"
    tensors = again.files["safetensors"].read_bytes()
    assert tensors == released.files["safetensors"].read_bytes()


def test_a_fixed_size_adds_a_file(checkpoint, tmp_path, quick_onnx):
    options = ExportOptions(name="tiny", fixed_size=128)
    files = export(checkpoint, tmp_path, options).files
    assert files["fixed"] == tmp_path / "tiny-128.onnx" and files["fixed"].exists()


def test_nothing_appears_when_one_file_fails(checkpoint, tmp_path, quick_onnx, monkeypatch):
    def fail(*given):
        raise RuntimeError("no room")

    monkeypatch.setattr(release, "write_tflite", fail)
    monkeypatch.setattr(release, "require_converter", lambda: None)
    with pytest.raises(RuntimeError, match="no room"):
        export(checkpoint, tmp_path, ExportOptions(formats=("tflite",)))
    assert list(tmp_path.iterdir()) == []


def test_tflite_has_the_video_size_or_the_one_asked_for(
    checkpoint, tmp_path, quick_onnx, monkeypatch
):
    sizes = []
    monkeypatch.setattr(release, "write_tflite", lambda *given: sizes.append(given[3]))
    monkeypatch.setattr(release, "require_converter", lambda: None)
    for fixed_size in (None, 96):
        export(checkpoint, tmp_path, ExportOptions(formats=("tflite",), fixed_size=fixed_size))
    assert sizes == [64, 96]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"formats": ("coreml",)}, "no format 'coreml'; choose onnx, tflite, int8"),
        ({"fixed_size": 100}, "the fixed size is 100; choose a multiple of 16"),
        ({"fixed_size": 0}, "the fixed size is 0"),
        ({"fixed_size": 160_000}, "the fixed size is 160000; choose .* up to 4096"),
        ({"formats": ("int8",)}, "give --calibration FOLDER"),
        ({"name": "mine v1"}, "'mine v1' can't be the name of the files; give --name"),
        ({"name": "größe"}, "give --name letters from a to z"),
        ({"name": "../esc"}, "give --name"),
        ({"name": "a/b"}, "give --name"),
        ({"name": ""}, "give --name"),
    ],
)
def test_senseless_wishes_are_refused(wish, reason):
    with pytest.raises(InvalidInput, match=reason):
        ExportOptions(**wish)


def test_calibration_without_photos_is_refused_before_work(checkpoint, tmp_path):
    (tmp_path / "photos").mkdir()
    options = ExportOptions(formats=("int8",), calibration=(tmp_path / "photos",))
    with pytest.raises(InvalidDataset, match="holds no pictures"):
        export(checkpoint, tmp_path / "files", options)
    assert not (tmp_path / "files").exists()


def test_the_tensors_are_the_runs_average(checkpoint, released):
    from safetensors.torch import load_file

    tensors = load_file(released.files["safetensors"])
    average = torch.load(checkpoint, weights_only=True)["average"]
    assert tensors.keys() == average.keys()
    assert all(torch.equal(tensors[name], value) for name, value in average.items())
