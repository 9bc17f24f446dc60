import errno
import os
from pathlib import Path

import pytest
from scenes import person

from segmenter.errors import InvalidInput
from segmenter.images import save_image
from segmenter.targets import plan, require_exists


def test_names_that_meet_are_told_apart(tmp_path):
    for name in ("a.jpg", "a.png", "b.jpg"):
        save_image(tmp_path / "in" / name, person())
    outputs = [output.name for _, output in plan(tmp_path / "in", None, is_cutout=True)]
    assert outputs == ["a-jpg.png", "a-png.png", "b.png"]


def test_a_name_that_is_taken_is_not_given_again(tmp_path):
    for name in ("a-jpg.png", "a-png-2.png", "a-png.png", "a.jpg", "a.png"):
        save_image(tmp_path / "in" / name, person())
    outputs = [output.name for _, output in plan(tmp_path / "in", None, is_cutout=True)]
    assert outputs == ["a-jpg.png", "a-png-2.png", "a-png.png", "a-jpg-2.png", "a-png-3.png"]


def test_results_within_the_folder_are_no_inputs(tmp_path):
    for name in ("a.jpg", "done/a.png", ".a-1234.png", ".hidden/b.jpg"):
        save_image(tmp_path / name, person())
    inputs = [path for path, _ in plan(tmp_path, tmp_path / "done", is_cutout=True)]
    assert inputs == [tmp_path / "a.jpg"]


def test_the_input_is_never_overwritten(tmp_path):
    save_image(tmp_path / "a.png", person())
    with pytest.raises(InvalidInput, match="the input itself"):
        plan(tmp_path / "a.png", tmp_path / "a.png", is_cutout=True)
    with pytest.raises(InvalidInput, match="the input folder itself"):
        plan(tmp_path, tmp_path, is_cutout=True)
    assert plan(tmp_path / "a.png", None, is_cutout=True)[0][1].name == "a-backdrop.png"


def test_the_folder_of_the_input_may_hold_another_original_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "a.png"):
        save_image(tmp_path / name, person())
    for folder in (tmp_path, Path()):
        (_, output), *_ = plan(tmp_path / "a.jpg", folder, is_cutout=True)
        assert output.name == "a-backdrop.png"


def test_an_output_without_an_ending_is_a_folder_that_may_be_new(tmp_path):
    for name in ("a.jpg", "file"):
        (tmp_path / name).touch()
    new = tmp_path / "new"
    assert plan(tmp_path / "a.jpg", new, is_cutout=True) == [(tmp_path / "a.jpg", new / "a.png")]
    with pytest.raises(InvalidInput, match="is a file"):
        plan(tmp_path / "a.jpg", tmp_path / "file", is_cutout=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_file_and_no_folder_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="neither a file nor a folder"):
        plan(tmp_path / "pipe", None, is_cutout=True)


def test_nothing_to_do_is_told(tmp_path):
    with pytest.raises(InvalidInput, match="no photos or videos"):
        plan(tmp_path, None, is_cutout=True)
    with pytest.raises(InvalidInput, match="does not exist"):
        plan(tmp_path / "nowhere.jpg", None, is_cutout=True)


def test_no_input_is_overwritten_from_another_folder(tmp_path):
    for name in ("day/a.png", "day/day/a.png"):
        save_image(tmp_path / name, person())
    with pytest.raises(InvalidInput, match="the input itself"):
        plan(tmp_path / "day", tmp_path, is_cutout=True)
    (tmp_path / "link.png").symlink_to(tmp_path / "day" / "a.png")
    with pytest.raises(InvalidInput, match="the input itself"):
        plan(tmp_path / "day" / "a.png", tmp_path / "link.png", is_cutout=True)


def test_results_may_lie_in_the_folder_around_the_inputs(tmp_path):
    save_image(tmp_path / "day" / "a.jpg", person())
    pairs = plan(tmp_path / "day", tmp_path, is_cutout=True)
    assert pairs == [(tmp_path / "day" / "a.jpg", tmp_path / "a.png")]


def test_a_folder_without_a_name_of_its_own(tmp_path, monkeypatch):
    save_image(tmp_path / "photos" / "inner" / "a.jpg", person())
    for here, given in (("photos", "."), ("photos/inner", "..")):
        monkeypatch.chdir(tmp_path / here)
        outputs = [output for _, output in plan(Path(given), None, is_cutout=True)]
        assert outputs == [tmp_path / "photos-backdrop" / "inner" / "a.png"]
    with pytest.raises(InvalidInput, match="choose an output"):
        plan(Path("/"), None, is_cutout=True)


def test_earlier_results_are_no_inputs_however_the_folder_is_written(tmp_path, monkeypatch):
    for name in ("a.jpg", "done/a.png"):
        save_image(tmp_path / name, person())
    monkeypatch.chdir(tmp_path)
    inputs = [path.name for path, _ in plan(Path("."), tmp_path / "done", is_cutout=True)]
    assert inputs == ["a.jpg"]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("a.png", "x.gif", "choose an ending among"),
        ("a.png", "x.jpg", "can't hold transparency"),
        ("a.mp4", "x.avi", "its ending must be one of"),
        ("a.mp4", "x.mp4", "keeps no transparency"),
    ],
)
def test_an_output_that_can_not_hold_the_result_is_refused_at_once(tmp_path, source, target, words):
    (tmp_path / source).touch()
    with pytest.raises(InvalidInput, match=words):
        plan(tmp_path / source, tmp_path / target, is_cutout=True)


def test_names_that_no_disk_takes_are_told(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(InvalidInput, match="does not exist"):
        plan(tmp_path / ("x" * 5000), None, is_cutout=True)
    assert plan(tmp_path / "a.png", tmp_path / ("x" * 5000 + ".png"), is_cutout=True)


@pytest.mark.parametrize("do", [plan, require_exists])
def test_a_folder_that_can_not_be_looked_into_is_told(tmp_path, monkeypatch, do):
    save_image(tmp_path / "a.png", person())

    def refuse(_):  # the tests may run as root, whom no folder refuses
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("segmenter.targets.os.scandir", refuse)
    with pytest.raises(InvalidInput, match=r"can't look into the folder .*: Permission denied"):
        do(tmp_path, *([None, True] if do is plan else []))
