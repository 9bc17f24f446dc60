import pytest
from scenes import person

from segmenter.errors import InvalidInput
from segmenter.images import save_image
from segmenter.targets import plan


def test_names_that_meet_are_told_apart(tmp_path):
    for name in ("a.jpg", "a.png", "b.jpg"):
        save_image(tmp_path / "in" / name, person())
    outputs = [output.name for _, output in plan(tmp_path / "in", None, is_cutout=True)]
    assert outputs == ["a-jpg.png", "a-png.png", "b.png"]


def test_the_input_is_never_overwritten(tmp_path):
    save_image(tmp_path / "a.png", person())
    with pytest.raises(InvalidInput, match="the input itself"):
        plan(tmp_path / "a.png", tmp_path / "a.png", is_cutout=True)
    with pytest.raises(InvalidInput, match="the input folder itself"):
        plan(tmp_path, tmp_path, is_cutout=True)
    assert plan(tmp_path / "a.png", None, is_cutout=True)[0][1].name == "a-backdrop.png"


def test_nothing_to_do_is_told(tmp_path):
    with pytest.raises(InvalidInput, match="no photos or videos"):
        plan(tmp_path, None, is_cutout=True)
    with pytest.raises(InvalidInput, match="does not exist"):
        plan(tmp_path / "nowhere.jpg", None, is_cutout=True)
