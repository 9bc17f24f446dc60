from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import make_clip
from scenes import RedSegmenter, person

from segmenter import mattes
from segmenter.errors import InvalidInput
from segmenter.images import open_image, save_image
from segmenter.mattes import matte_all
from segmenter.targets import plan

SEGMENTER = RedSegmenter()


def test_mattes_have_the_photos_size_and_truth(tmp_path):
    save_image(tmp_path / "in" / "anna.png", person(left=60, side=40))
    matte_all(tmp_path / "in", tmp_path / "out", SEGMENTER, quiet=True)
    matte = cv2.imread(str(tmp_path / "out" / "anna.png"), cv2.IMREAD_UNCHANGED)
    assert matte.dtype == np.uint8 and matte.shape == (120, 160)
    assert matte[60, 80] == 255 and matte[5, 5] == 0
    assert (matte > 127).sum() == pytest.approx(1600, rel=0.02)


def test_raw_mattes_are_the_probability(tmp_path):
    save_image(tmp_path / "in" / "anna.png", person())
    matte_all(tmp_path / "in", tmp_path / "out", SEGMENTER, raw=True, quiet=True)
    truth = SEGMENTER.probability(open_image(tmp_path / "in" / "anna.png")) * 255
    matte = cv2.imread(str(tmp_path / "out" / "anna.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(matte, truth)


class DoubtfulSegmenter(RedSegmenter):
    """Believes a little, in one look alone, that somebody is in a corner."""

    def probability(self, frame, size=None):
        found = super().probability(frame, size)
        found[2:6, 2:6] = 0.4 if size == self.photo_size else 0
        return found


def test_a_raw_matte_of_a_photo_is_of_one_look_and_nothing_is_dropped(tmp_path):
    save_image(tmp_path / "anna.png", person())
    for raw in (True, False):
        target = tmp_path / f"{raw}.png"
        matte_all(tmp_path / "anna.png", target, DoubtfulSegmenter(), raw=raw, quiet=True)
        matte = cv2.imread(str(target), cv2.IMREAD_UNCHANGED)
        assert (matte[2:6, 2:6] == (102 if raw else 0)).all()


def test_a_folder_in_the_folder_is_a_clip_and_a_video_gives_a_matte_a_frame(tmp_path):
    for index in range(3):
        save_image(tmp_path / "in" / "clip" / f"{index:05d}.jpg", person(left=20 + 30 * index))
    make_clip(tmp_path / "in" / "wave.mp4", rate="25", seconds=0.2)
    report = matte_all(tmp_path / "in", tmp_path / "out", SEGMENTER, quiet=True)
    mattes = sorted(path.name for path in (tmp_path / "out" / "clip").iterdir())
    assert mattes == ["00000.png", "00001.png", "00002.png"]
    assert len(list((tmp_path / "out" / "wave").iterdir())) == 5
    assert [item.frames for item in report.items] == [3, 5]


def test_mattes_of_a_longer_video_in_the_folder_are_told(tmp_path, caplog):
    for seconds, later in ((0.2, None), (0.12, "000003.png"), (0.2, None)):
        caplog.clear()
        clip = make_clip(tmp_path / "wave.mp4", rate="25", seconds=seconds)
        matte_all(clip, tmp_path / "out", SEGMENTER, quiet=True)
        told = [record.getMessage() for record in caplog.records]
        assert len(told) == bool(later) and all(later in words for words in told)


def test_a_clip_s_frames_follow_their_numbers_however_these_are_written(tmp_path, monkeypatch):
    for number in (10, 9, 2, 1, 11):
        save_image(tmp_path / "in" / "clip" / f"take2-{number}.png", person())
    seen = []
    monkeypatch.setattr(mattes, "open_image", lambda path: seen.append(path.stem) or person())
    matte_all(tmp_path / "in", tmp_path / "out", SEGMENTER, quiet=True)
    assert seen == [f"take2-{number}" for number in (1, 2, 9, 10, 11)]


def test_folders_in_folders_keep_their_tree(tmp_path):
    save_image(tmp_path / "in" / "top.png", person())
    save_image(tmp_path / "in" / "2024" / "trip" / "0.png", person())
    make_clip(tmp_path / "in" / "2024" / "wave.mp4", rate="25", seconds=0.08)
    for _ in range(2):  # and the first run's results are not taken for clips
        matte_all(tmp_path / "in", tmp_path / "in" / "out", SEGMENTER, quiet=True)
        (tmp_path / "in" / "out" / "top.png").unlink()
        found = sorted(path.as_posix() for path in (tmp_path / "in" / "out").rglob("*.png"))
        names = ["2024/trip/0.png", "2024/wave/000000.png", "2024/wave/000001.png"]
        assert found == [f"{tmp_path}/in/out/{name}" for name in names]


@pytest.mark.parametrize("do", [matte_all, lambda *given, **told: plan(*given[:2], False)])
def test_a_folders_results_need_a_folder(tmp_path, do):
    save_image(tmp_path / "in" / "a.png", person())
    (tmp_path / "notes.txt").write_text("milk")
    with pytest.raises(InvalidInput, match=r"notes\.txt is a file; name a folder"):
        do(tmp_path / "in", tmp_path / "notes.txt", SEGMENTER, quiet=True)


def test_frames_of_one_name_in_a_clip_are_told_apart(tmp_path):
    frames = tmp_path / "in" / "shot"
    frames.mkdir(parents=True)
    for name in ("a.jpg", "a.png", "b.jpg"):
        save_image(frames / name, person())
    report = matte_all(tmp_path / "in", tmp_path / "out", SEGMENTER, quiet=True)
    assert [item.frames for item in report.items] == [3]
    names = sorted(path.name for path in (tmp_path / "out" / "shot").iterdir())
    assert names == ["a-jpg.png", "a-png.png", "b.png"]


def test_mattes_of_one_name_are_told_apart(tmp_path):
    for index, name in enumerate(("a.jpg", "a.png", "b.png")):
        save_image(tmp_path / "in" / name, person(left=20 + 30 * index))
    report = matte_all(tmp_path / "in", tmp_path / "out", SEGMENTER, quiet=True)
    names = ["a-jpg.png", "a-png.png", "b.png"]
    assert [Path(item.output).name for item in report.items] == names
    mattes = [cv2.imread(str(tmp_path / "out" / name), cv2.IMREAD_GRAYSCALE) for name in names]
    lefts = [np.flatnonzero(matte[60] > 127)[0] for matte in mattes]
    assert lefts == pytest.approx([20, 50, 80], abs=1)


@pytest.mark.parametrize(
    ("given", "target"),
    [(".", "."), ("a.png", "a.png"), (".", "clip"), ("..", "..")],
)
def test_no_matte_overwrites_a_photo(tmp_path, given, target):
    photos = tmp_path / "photos"
    for name in ("a.png", "b.jpg", "clip/a.png"):
        save_image(photos / name, person())
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(InvalidInput, match=r"the input (folder )?itself"):
        matte_all(photos / given, photos / target, SEGMENTER, quiet=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_a_matte_beside_its_input_leaves_other_originals_alone(tmp_path, monkeypatch):
    for name in ("a.jpg", "a.png", "wave/000000.png"):
        save_image(tmp_path / name, person())
    make_clip(tmp_path / "wave.mp4", rate="25", seconds=0.08)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    monkeypatch.chdir(tmp_path)
    for given, expected in (
        ("a.jpg", ["a-matte.png"]),
        ("wave.mp4", ["wave-matte/000000.png", "wave-matte/000001.png"]),
    ):
        report = matte_all(tmp_path / given, Path("."), SEGMENTER, quiet=True)
        assert not report.failures
        assert all((tmp_path / name).exists() for name in expected)
    assert {path: path.read_bytes() for path in before} == before
    assert len(list(tmp_path.rglob("*.*"))) == len(before) + 3


def test_the_content_of_one_photo_decides_whatever_its_ending(tmp_path):
    save_image(tmp_path / "a.jpg", person())
    shot = (tmp_path / "a.jpg").rename(tmp_path / "shot")
    report = matte_all(shot, tmp_path / "out", SEGMENTER, quiet=True)
    assert not report.failures and (tmp_path / "out" / "shot.png").exists()


def test_the_matte_of_one_photo_may_be_named(tmp_path):
    save_image(tmp_path / "a.jpg", person())
    report = matte_all(tmp_path / "a.jpg", tmp_path / "alpha.png", SEGMENTER, quiet=True)
    assert report.items[0].output == str(tmp_path / "alpha.png")
    assert cv2.imread(str(tmp_path / "alpha.png"), cv2.IMREAD_UNCHANGED).shape == (120, 160)
    (tmp_path / "folder.jpg").mkdir()
    matte_all(tmp_path / "a.jpg", tmp_path / "folder.jpg", SEGMENTER, quiet=True)
    assert (tmp_path / "folder.jpg" / "a.png").exists()
    with pytest.raises(InvalidInput, match=r"name alpha\.png"):
        matte_all(tmp_path / "a.jpg", tmp_path / "alpha.webp", SEGMENTER, quiet=True)


def test_what_can_not_be_read_does_not_stop_the_mattes_of_the_others(tmp_path):
    save_image(tmp_path / "in" / "anna.png", person())
    save_image(tmp_path / "in" / "clip" / "0.png", person())
    for folder in ("in", "in/clip"):
        (tmp_path / folder / "lost.jpg").symlink_to(tmp_path / "nowhere.jpg")
        (tmp_path / folder / "._anna.png").write_bytes(b"what macOS leaves on a stick")
    report = matte_all(tmp_path / "in", tmp_path / "out", SEGMENTER, quiet=True)
    assert not report.failures and len(report.items) == 2
    written = sorted(path.name for path in (tmp_path / "out").rglob("*.png"))
    assert written == ["0.png", "anna.png"]


def test_a_folder_that_can_not_be_read_holds_nothing(tmp_path, monkeypatch):
    save_image(tmp_path / "in" / "anna.png", person())
    locked = tmp_path / "in" / "lost+found"
    locked.mkdir()
    listed = Path.iterdir

    def iterdir(folder):
        if folder == locked:
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    report = matte_all(tmp_path / "in", tmp_path / "out", SEGMENTER, quiet=True)
    assert [Path(item.input).name for item in report.items] == ["anna.png"]
    with pytest.raises(InvalidInput, match="no photos"):
        matte_all(locked, tmp_path / "out", SEGMENTER, quiet=True)


def test_mattes_of_an_earlier_run_in_the_folder_are_written_anew(tmp_path):
    source, target = tmp_path / "in", tmp_path / "in" / "mattes"
    save_image(source / "a.jpg", person())
    save_image(source / "trip" / "b.jpg", person())
    for _ in range(2):
        report = matte_all(source, target, SEGMENTER, quiet=True)
        assert [Path(item.input).name for item in report.items] == ["a.jpg", "trip"]
        names = sorted(path.relative_to(target).as_posix() for path in target.rglob("*.png"))
        assert names == ["a.png", "trip/b.png"]


@pytest.mark.parametrize(("name", "target"), [("a.mp4", "a.png"), ("a.png", "notes.txt")])
def test_what_needs_a_folder_is_not_written_into_a_file(tmp_path, name, target):
    for file in (name, target):
        (tmp_path / file).touch()
    with pytest.raises(InvalidInput, match="is a file; name a folder"):
        matte_all(tmp_path / name, tmp_path / target, SEGMENTER, quiet=True)
