import errno
import os

import pytest

from segmenter.errors import OutputFailed
from segmenter.files import finished, make_folder


def test_the_file_appears_only_when_the_block_succeeds(tmp_path):
    target = tmp_path / "new folder" / "result.png"
    with finished(target) as part:
        part.write_text("half")
        assert part.suffix == ".png"
        assert not target.exists()
    assert target.read_text() == "half"
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "result.png"
    target.write_text("old")
    with pytest.raises(KeyError), finished(target) as part:
        part.write_text("half")
        raise KeyError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_may_not_be_replaced_is_told(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "replace", refuse)
    told = pytest.raises(OutputFailed, match=r"result\.png: Operation not permitted; close")
    with told, finished(tmp_path / "result.png") as part:
        part.write_text("new")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputFailed, match="choose a folder"),
        finished(tmp_path / "file" / "x.png"),
    ):
        raise AssertionError("never entered")


def test_a_folder_is_no_place_for_a_file(tmp_path):
    (tmp_path / "out.mp4").mkdir()
    with pytest.raises(OutputFailed, match="it is a folder"), finished(tmp_path / "out.mp4"):
        raise AssertionError("never entered")
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize(
    ("name", "advice"), [("a\0.png", "another name"), ("x" * 5000 + ".png", "a shorter name")]
)
def test_a_name_that_no_disk_takes_is_told(tmp_path, name, advice):
    with pytest.raises(OutputFailed, match=f"choose {advice}"), finished(tmp_path / name):
        raise AssertionError("never entered")


def test_a_name_may_be_as_long_as_the_disk_allows(tmp_path):
    target = tmp_path / ("x" * 251 + ".png")
    with finished(target) as part:
        part.write_text("whole")
    assert target.read_text() == "whole"


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    with pytest.raises(OutputFailed, match="No space left; free some"), finished(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "No space left")
    assert list(tmp_path.iterdir()) == []


def test_what_can_not_be_read_is_no_fault_of_what_is_written(tmp_path):
    with pytest.raises(FileNotFoundError), finished(tmp_path / "x"):
        (tmp_path / "source").read_bytes()


def test_a_folder_is_made_and_left_empty(tmp_path):
    make_folder(tmp_path / "new" / "run")
    make_folder(tmp_path / "new" / "run")
    assert list((tmp_path / "new" / "run").iterdir()) == []


def test_a_folder_that_can_not_be_written_to_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputFailed, match="file: File exists; choose another"):
        make_folder(tmp_path / "file")

    def refuse(**_):  # the tests may run as root, whom no folder refuses
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("segmenter.files.TemporaryFile", refuse)
    with pytest.raises(OutputFailed, match="Permission denied; choose another"):
        make_folder(tmp_path)
