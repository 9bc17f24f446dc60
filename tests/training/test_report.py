import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from photo_sets import NETWORK, NamedSegmenter, put_pair
from scenes import person

from segmenter.errors import OutputFailed
from segmenter.training import report
from segmenter.training.evaluate import Model, PhotoSet, evaluate, find_sets
from segmenter.training.marks import ADDED, BEHIND, MISSED, difference, mark_difference
from segmenter.training.report import draw_side_by_side, draw_worst, write_report


@pytest.fixture
def photos(tmp_path):
    """Six photos whose masks begin 0, 4... 20 pixels below the person's upper side."""
    for below in (8, 0, 20, 4, 12, 16):
        mask = np.zeros((120, 160), np.uint8)
        mask[40 + below : 80, 60:100] = 255
        put_pair(tmp_path / "party", f"p{below}", mask=mask, frame=person())
    return find_sets([tmp_path / "party"])[0]


def scored(photos, name="red", missed=0):
    return evaluate(Model(name, NamedSegmenter(missed=missed), NETWORK), photos, raw=True)


@pytest.fixture
def drawn(monkeypatch):
    """What was to be drawn, instead of a picture of it."""
    monkeypatch.setattr(report, "draw_sheet", lambda *arguments: arguments)


def test_difference_of_two_shifted_squares():
    truth = np.zeros((20, 20), np.uint8)
    truth[5:15, 5:15] = 255
    missed, added = difference(np.roll(truth, 3, axis=1).astype(np.float32) / 255, truth)
    assert missed.sum() == added.sum() == 30
    assert missed[5:15, 5:8].all() and added[5:15, 15:18].all()


def test_wrong_pixels_are_coloured_and_the_others_grey():
    frame = person()
    missed, added = np.zeros((2, 120, 160), bool)
    missed[:10], added[-10:] = True, True
    marked = mark_difference(frame, missed, added)
    assert (marked[:10] == MISSED).all() and (marked[-10:] == ADDED).all()
    assert (marked[10:-10, :, 0] == marked[10:-10, :, 2]).all()


def test_worst_photos_come_first(photos, drawn):
    title, heads, rows, _ = draw_worst(scored(photos), 3, raw=True)
    assert title == "red: the 3 worst of 6 photos in party"
    assert [row.caption.split()[0] for row in rows] == ["p20.png", "p16.png", "p12.png"]
    assert "person's IoU 0.500" in rows[0].caption  # 20 of the person's 40 rows are marked
    assert len(rows[0].tiles) == len(heads) == 4
    assert rows[0].tiles[3].caption == "0.0% missed, 4.2% added"  # 800 of 19,200 pixels
    assert len(draw_worst(scored(photos), 100, raw=True)[2]) == 6


def test_models_stand_side_by_side_from_the_hardest_photo_to_the_easiest(photos, drawn):
    title, heads, rows = draw_side_by_side([scored(photos), scored(photos, "late", 44)], raw=True)
    assert heads == ("photo", "truth", "red", "late")
    assert title == "party: 4 of 6 photos, from the hardest to the easiest"
    # Means of the person's IoU: p20 (.5 + .56) / 2 ... p4 (.9 + 1) / 2, p0 (1 + .9) / 2.
    assert rows[0].caption == "p20.png" and rows[-1].caption in ("p0.png", "p4.png")
    assert [tile.caption[:4] for tile in rows[0].tiles] == ["", "", "mIoU", "mIoU"]
    truth, red = rows[0].tiles[1].picture, rows[0].tiles[2].picture
    upper = round(50 / 120 * truth.shape[0]), round(80 / 160 * truth.shape[1])
    assert truth[upper].tolist() == list(BEHIND)  # there the mask says background
    assert red[upper].tolist() == [200, 40, 40]


def test_every_file_is_written(photos, tmp_path):
    evaluations = [scored(photos, "red"), scored(photos, "team/late", 60)]
    paths = write_report(tmp_path / "out", evaluations, worst=2)
    assert sorted(path.name for path in paths) == sorted(
        path.name for path in (tmp_path / "out").iterdir()
    )
    assert {path.name for path in paths} == {
        "scores.json",
        "precision-recall-party.png",
        "worst-red-party.jpg",
        "worst-team-late-party.jpg",
        "side-by-side-party.jpg",
    }
    for path in paths[1:]:
        assert cv2.imread(str(path)).shape[1] >= 800
    rows = json.loads(paths[0].read_text())
    assert [(row["model"], row["set"]) for row in rows] == [
        ("red", "party"),
        ("team/late", "party"),
    ]


def test_one_model_is_not_put_beside_itself(photos, tmp_path):
    paths = write_report(tmp_path, [scored(photos)], worst=1)
    assert not any(path.name.startswith("side-by-side") for path in paths)


def test_a_folder_that_is_a_file_is_named(photos, tmp_path):
    Path(tmp_path / "out").write_text("")
    with pytest.raises(OutputFailed, match=str(tmp_path / "out")):
        write_report(tmp_path / "out", [scored(photos)], worst=1)


def test_sets_whose_names_differ_in_signs_alone_get_files_of_their_own(photos, tmp_path):
    evaluations = []
    for name in ("my set", "my-set"):
        found = PhotoSet(name, photos.pairs)
        evaluations.append(scored(found))
    paths = write_report(tmp_path / "out", evaluations, worst=1)
    assert len(paths) == len(set(paths)) == len(list((tmp_path / "out").iterdir())) == 5
