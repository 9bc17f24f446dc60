import json
from pathlib import Path

import cv2
import pytest
from clips import make_clip
from scenes import RedSegmenter, person

from segmenter.background import Colour, Transparent
from segmenter.batch import Replacer, explain, replace_all
from segmenter.images import save_image
from segmenter.pipeline import ReplaceOptions

SEGMENTER = RedSegmenter()
BLUE = Replacer(SEGMENTER, Colour(0, 0, 255), ReplaceOptions())


@pytest.fixture
def folder(tmp_path):
    """Two photos, one of them a folder deeper, a clip, a broken photo and a text."""
    source = tmp_path / "in"
    (source / "deeper").mkdir(parents=True)
    save_image(source / "anna.jpg", person())
    save_image(source / "deeper" / "ben.png", person(left=20))
    (source / "broken.jpg").write_bytes(b"\xff\xd8\xff not really")
    (source / "notes.txt").write_text("not a photo")
    make_clip(source / "wave.mp4", seconds=0.2)
    return source


def test_a_broken_file_among_good_ones_loses_nothing(folder, tmp_path):
    report = replace_all(folder, tmp_path / "out", BLUE, quiet=True)
    names = sorted(str(path.relative_to(tmp_path / "out")) for path in tmp_path.rglob("out/**/*.*"))
    assert names == ["anna.jpg", "deeper/ben.png", "wave.mp4"]
    assert [item.input for item in report.failures] == [str(folder / "broken.jpg")]
    assert "broken.jpg" in report.summary() and "3 done, 1 failed" in report.summary()
    told = json.loads(report.to_json())
    assert (told["done"], told["failed"], told["device"]) == (3, 1, "CPU, test segmenter")
    assert next(item for item in told["items"] if "wave" in item["input"])["frames"] == 6


def test_cut_outs_become_png_and_webm(folder, tmp_path):
    cut = Replacer(SEGMENTER, Transparent(), ReplaceOptions())
    replace_all(folder, tmp_path / "out", cut, quiet=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "anna.png",
        "deeper",
        "wave.webm",
    }


def test_a_photo_of_nobody_is_told(tmp_path, caplog):
    save_image(tmp_path / "in" / "anna.png", person())
    save_image(tmp_path / "in" / "beach.png", person(side=0))
    report = replace_all(tmp_path / "in", tmp_path / "out", BLUE, quiet=True)
    assert len(report.items) == 2 and not report.failures
    told = [f"{tmp_path / 'in' / 'beach.png'}: nobody was found, so nothing of it is kept"]
    assert caplog.messages == told
    assert [item["warnings"] for item in json.loads(report.to_json())["items"]] == [[], told]


def test_a_video_of_nobody_is_told_and_one_of_somebody_at_times_is_not(tmp_path, caplog):
    """A person is there in one frame of five."""
    red = "drawbox=x=40:y=40:w=60:h=60:c=red:t=fill"
    (tmp_path / "in").mkdir()
    for name, drawing in (("empty", ""), ("passer-by", f",{red}:enable=eq(n\\,2)")):
        picture = f"color=0x28AA3C{drawing}"
        make_clip(tmp_path / "in" / f"{name}.mp4", picture, rate="25", seconds=0.2, sound=None)
    report = replace_all(tmp_path / "in", tmp_path / "out", BLUE, quiet=True)
    empty = f"{tmp_path / 'in' / 'empty.mp4'}: nobody was found, so nothing of it is kept"
    assert caplog.messages == [empty]
    assert [(item.frames, item.warnings) for item in report.items] == [(5, [empty]), (5, [])]


def test_an_unforeseen_failure_stays_with_its_item(folder, tmp_path, monkeypatch):
    def crash(*_, **__):
        raise cv2.error("something inside")

    monkeypatch.setattr("segmenter.batch.replace_in_image", crash)
    report = replace_all(folder, tmp_path / "out", BLUE, quiet=True)
    assert len(report.items) == 4 and len(report.failures) == 3
    assert "something inside" in report.summary()


def test_the_summary_says_where_the_results_are(tmp_path):
    for name in ("a.png", "deep/b.png"):
        save_image(tmp_path / "in" / name, person())
    one = replace_all(tmp_path / "in" / "a.png", tmp_path / "out.png", BLUE, quiet=True)
    assert one.summary() == f"1 done, 0 failed (CPU, test segmenter): {tmp_path / 'out.png'}"
    two = replace_all(tmp_path / "in", tmp_path / "out", BLUE, quiet=True)
    assert two.summary().endswith(f": {tmp_path / 'out'}")


def test_results_beside_each_other_in_the_present_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        save_image(Path("in") / name, person())
    assert replace_all(Path("in"), Path("."), BLUE, quiet=True).summary().endswith("segmenter): .")


@pytest.mark.parametrize(
    "problem",
    [
        MemoryError("Unable to allocate 2 GiB"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB\nand more"),
        RuntimeError(
            "BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer"
        ),
        cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes in 'OutOfMemoryError'"),
    ],
)
def test_too_little_memory_is_told_with_what_to_do(problem):
    told = explain(problem)
    assert "too little memory" in told and "smaller" in told and "report it" not in told
    assert "\n" not in told
