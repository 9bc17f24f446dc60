"""Finding weights on this machine; test_hub.py does the same over the network."""

import pytest
from records import record_of

from segmenter.errors import InvalidInput, WeightsUnavailable
from segmenter.weights import fetch, finding


def write_model(folder, name="disc", record_name=None, **changes):
    """Write two files and a record that describes them; return the record's path."""
    folder.mkdir(exist_ok=True)
    content = {f"{name}.onnx": b"graph" * 1000, f"{name}.safetensors": b"tensors" * 1000}
    for file, data in content.items():
        (folder / file).write_bytes(data)
    path = folder / f"{record_name or name}.json"
    path.write_text(record_of(content, name, **changes).to_json(), encoding="utf-8")
    return path


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """A project's own weights folder with the default and one more."""
    folder = tmp_path / "weights"
    write_model(folder, finding.DEFAULT)
    write_model(folder, "other")
    monkeypatch.setattr(finding, "BUNDLED", folder)
    monkeypatch.delenv("BACKDROP_MODEL", raising=False)
    return folder


def test_the_bundled_weights_are_the_default(bundled):
    fetched = fetch()
    assert fetched.record.name == finding.DEFAULT
    assert fetched.path == bundled / f"{finding.DEFAULT}.onnx"


def test_the_bundled_folder_lies_beside_the_package():
    assert finding.BUNDLED.name == "weights"
    assert (finding.BUNDLED.parent / "segmenter" / "weights" / "finding.py").is_file()


def test_either_file_can_be_asked_for(bundled):
    assert fetch(file="safetensors").path.name == f"{finding.DEFAULT}.safetensors"


def test_the_environment_sets_the_default(bundled, monkeypatch):
    monkeypatch.setenv("BACKDROP_MODEL", "other")
    assert fetch().record.name == "other"
    assert fetch(finding.DEFAULT).record.name == finding.DEFAULT


def test_a_path_to_a_record(tmp_path):
    path = write_model(tmp_path / "eigene gewichte é")
    assert fetch(str(path)).path == path.with_suffix(".onnx")
    assert fetch(path).path == path.with_suffix(".onnx")


def test_a_folder_as_downloaded_from_the_hub(tmp_path, monkeypatch):
    """An explicit folder wins, though `owner/name` could be on the Hub."""
    (tmp_path / "owner").mkdir()
    write_model(tmp_path / "owner" / "name", record_name="weights")
    monkeypatch.chdir(tmp_path)
    assert fetch("owner/name").path.read_bytes() == b"graph" * 1000


def test_a_path_to_no_record(tmp_path):
    with pytest.raises(WeightsUnavailable, match=r"no record .*gone\.json; check the path"):
        fetch(tmp_path / "gone.json")


def test_a_faulty_record_is_named(tmp_path):
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(WeightsUnavailable, match=r"bad\.json: the record is not JSON"):
        fetch(tmp_path / "bad.json")
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WeightsUnavailable, match=r"can't read the record .*bad\.json"):
        fetch(tmp_path / "bad.json")


def test_a_record_whose_file_is_missing(tmp_path):
    path = write_model(tmp_path)
    (tmp_path / "disc.onnx").unlink()
    with pytest.raises(WeightsUnavailable, match=r"disc\.onnx is missing; put it beside"):
        fetch(path)
    assert fetch(path, file="safetensors").path.name == "disc.safetensors"


def test_a_file_that_is_not_the_one_described_is_refused_and_kept(tmp_path):
    path = write_model(tmp_path)
    (tmp_path / "disc.onnx").write_bytes(b"graph" * 999 + b"grapf")
    with pytest.raises(WeightsUnavailable, match=r"disc\.onnx is not the file .*\(sha256\)"):
        fetch(path)
    assert (tmp_path / "disc.onnx").exists()


def test_a_clone_without_its_large_files_says_so(tmp_path):
    path = write_model(tmp_path)
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5000\n"
    (tmp_path / "disc.onnx").write_text(pointer)
    with pytest.raises(WeightsUnavailable, match="Git LFS pointer; run `git lfs pull`"):
        fetch(path)


def test_a_kind_of_file_the_record_does_not_have(tmp_path):
    path = write_model(tmp_path, onnx=None)
    with pytest.raises(WeightsUnavailable, match="disc has no onnx file; choose the torch backend"):
        fetch(path)


def test_missing_bundled_weights(bundled):
    (bundled / f"{finding.DEFAULT}.json").unlink()
    with pytest.raises(WeightsUnavailable, match="bundled weights are missing"):
        fetch()


@pytest.mark.parametrize(
    "name", ["portrait", "x" * 5000, "../other", "a/b/c", "a/b@", "@main", "-/x", "a/.."]
)
def test_a_name_that_is_none_of_the_kinds(bundled, name):
    with pytest.raises(InvalidInput, match=r"owner/name\[@revision\]"):
        fetch(name)


def test_an_unknown_name_lists_the_bundled_ones(bundled):
    with pytest.raises(InvalidInput, match=rf"bundled one \({finding.DEFAULT}, other\)"):
        fetch("portrait")


@pytest.mark.parametrize("name", ["weights/disc.onnx", "disc.safetensors", "net.pth", "a/b.bin"])
def test_weights_without_their_record_are_refused(name):
    with pytest.raises(InvalidInput, match=r"give the \.json record"):
        fetch(name)
