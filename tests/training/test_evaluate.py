import json

import cv2
import numpy as np
import pytest
from photo_sets import NETWORK, NamedSegmenter, put_pair
from scenes import person

from segmenter.errors import InvalidDataset
from segmenter.images import save_image
from segmenter.training.evaluate import (
    SCORES,
    Evaluation,
    Model,
    PhotoSet,
    distinct_names,
    evaluate,
    find_sets,
    score,
    to_json,
    to_markdown,
)
from segmenter.training.precision_recall import AlphaHistogram


def square(left: int = 10) -> np.ndarray:
    """A square of 20x20 pixels in a picture of 40x40; (40, 40) uint8, 0 or 255."""
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, left : left + 20] = 255
    return mask


def test_scores_of_a_square_that_lies_four_pixels_beside_the_true_one():
    scores = score(square(14).astype(np.float32) / 255, square(10))
    assert scores.pop("gradient") > 0  # test_metrics says what it is
    person_iou, background_iou = 16 * 20 / (24 * 20), 1120 / 1280
    assert scores == {
        "person_iou": person_iou,
        "miou": (person_iou + background_iou) / 2,
        # 2 pixels count as the same place: 18 of each level side's 20 pixels, and of the upright
        # sides' 36 the 4 that are near the level ones.
        "boundary_f": pytest.approx(40 / 76),
        # The bands, 2 wide, have 144 pixels each and share 16 of the level sides' 20 columns.
        "boundary_iou": 64 / (2 * 144 - 64),
        "mae": pytest.approx(8 * 20 / 1600),
        "mse": pytest.approx(8 * 20 / 1600),
        "sad": pytest.approx(8 * 20 / 1000),
    }


def test_a_perfect_alpha_and_its_opposite():
    truth = square()
    best, worst = score(np.float32(truth / 255), truth), score(np.float32(1 - truth / 255), truth)
    errors = dict.fromkeys(("mae", "mse", "sad", "gradient"), 0.0)
    assert best == dict.fromkeys(SCORES, 1.0) | errors
    assert worst["person_iou"] == worst["miou"] == 0 and worst["mae"] == 1


def test_alpha_is_cut_in_the_steps_of_a_matte_file():
    truth = square()
    just_above = np.float32(truth / 255 * 127.6 / 255)  # is saved as 128
    assert score(just_above, truth)["person_iou"] == 1
    just_below = np.float32(truth / 255 * 127.4 / 255)
    assert score(just_below, truth)["person_iou"] == 0


def test_row_has_means_over_photos(tmp_path):
    put_pair(tmp_path / "party")
    half = np.zeros((120, 160), np.uint8)
    half[40:80, 60:80] = 255  # half of the person is marked
    put_pair(tmp_path / "party", "b", mask=half)
    (photos,) = find_sets([tmp_path / "party"])
    evaluation = evaluate(Model("red", NamedSegmenter(), NETWORK), photos, raw=True)
    row = json.loads(to_json([evaluation.row()]))[0]
    assert (row["model"], row["set"], row["photos"]) == ("red", "party", 2)
    assert row["person_iou"] == (1 + 0.5) / 2
    assert row["mae"] == pytest.approx(800 / (120 * 160) / 2)
    assert row["photo_ms"] > 0
    assert (row["onnx_ms"], row["torch_ms"], row["parameters"]) == (8.25, None, 2_590_000)


def test_raw_scores_the_network_and_otherwise_what_refinement_makes_of_it(tmp_path):
    class Soft(NamedSegmenter):
        def probability(self, frame, size=None):
            return cv2.GaussianBlur(super().probability(frame, size), (0, 0), 3)

    (photos,) = find_sets([put_pair(tmp_path / "set")])
    model = Model("red", Soft(), NETWORK)
    raw, refined = (evaluate(model, photos, raw=raw).row() for raw in (True, False))
    assert refined["mae"] < 0.4 * raw["mae"]


def test_pictures_with_nobody_can_be_scored(tmp_path):
    green = person(side=0)
    put_pair(tmp_path / "empty", frame=green)
    (photos,) = find_sets([tmp_path / "empty"])
    row = evaluate(Model("red", NamedSegmenter(), NETWORK), photos).row()
    assert row["person_iou"] == row["miou"] == row["boundary_f"] == 1


def test_folders_in_capitals_and_masks_of_another_ending(tmp_path):
    put_pair(tmp_path / "set", images="Images", ending=".bmp")
    (photos,) = find_sets([tmp_path / "set"])
    assert [pair.mask.name for pair in photos.pairs] == ["a.bmp"]


def test_sets_of_the_same_name_are_told_apart_and_a_set_given_twice_counts_once(tmp_path):
    folders = [put_pair(tmp_path / "old" / "val"), put_pair(tmp_path / "new" / "val")]
    names = [photos.name for photos in find_sets([*folders, tmp_path / "old" / ".." / "old/val"])]
    assert names == [str(tmp_path / "old" / "val"), str(tmp_path / "new" / "val")]
    assert distinct_names(["x", "y"], ["a/x", "a/y"]) == ["x", "y"]


def damaged(folder):
    put_pair(folder)
    (folder / "images" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    return "a.png"


def damaged_mask(folder):
    put_pair(folder)
    (folder / "masks" / "a.png").write_text("no picture")
    return "masks/a.png"


def other_size(folder):
    put_pair(folder, mask=np.full((60, 80), 255, np.uint8))
    return f"masks/a.png is 80x60 but its photo {folder}/images/a.png is 160x120"


def faint(folder):
    put_pair(folder, mask=np.full((120, 160), 1, np.uint8))
    return "masks/a.png has values up to 1 only"


def dim(folder):
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, 60:100] = 200
    put_pair(folder, mask=mask)
    return "masks/a.png has values up to 200 only"


def several(folder):
    damaged(folder)
    put_pair(folder, "b", mask=np.full((60, 80), 255, np.uint8))
    return "masks/b.png is 80x60"


def without_mask(folder):
    put_pair(folder)
    save_image(folder / "images" / "b.png", person())
    return "b.png has no mask"


def without_masks(folder):
    save_image(folder / "images" / "a.png", person())
    return str(folder)


def without_photos(folder):
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    return "images"


def absent(folder):
    return str(folder)


@pytest.mark.parametrize(
    "spoil",
    [
        damaged,
        damaged_mask,
        other_size,
        faint,
        dim,
        several,
        without_mask,
        without_masks,
        without_photos,
        absent,
    ],
)
def test_bad_data_is_named_before_anything_is_scored(spoil, tmp_path):
    words = spoil(tmp_path / "set")
    with pytest.raises(InvalidDataset) as error:
        find_sets([tmp_path / "set"])
    assert words in str(error.value)


def test_table_has_a_column_for_each_key_and_a_dash_for_what_is_unknown():
    scores = [dict.fromkeys(SCORES, 0.5)]
    model = Model("red", NamedSegmenter(), NETWORK)
    photos = PhotoSet("party", [])
    table = to_markdown([Evaluation(model, photos, scores, 12.34, AlphaHistogram()).row()])
    assert table.splitlines() == [
        "| model | set | photos | person_iou | miou | boundary_f | mae | mse | sad | gradient "
        "| photo_ms | onnx_ms | parameters |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
        "| red | party | 1 | 0.5000 | 0.5000 | 0.5000 | 0.5000 | 0.50000 | 0.50 | 0.50 "
        "| 12.3 | 8.2 | 2.59 M |",
    ]
    assert to_markdown([{"model": "red", "spill": None}], ("model", "spill")).endswith(
        "| red | - |"
    )
