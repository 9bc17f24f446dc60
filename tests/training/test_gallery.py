from dataclasses import replace

import numpy as np
import pytest

from segmenter.pipeline import ReplaceOptions
from segmenter.refine import RefineOptions
from segmenter.training.data import PersonDataset
from segmenter.training.gallery import (
    BEHIND,
    IGNORED,
    marked,
    show_choices,
    show_pairs,
    show_samples,
)
from segmenter.training.pairs import find_pairs


class LeftHalf:
    """A segmenter to whom the left half of every frame is a person."""

    photo_size = live_size = 64

    def probability(self, frame, size=None):
        answer = np.zeros(frame.shape[:2], np.float32)
        answer[:, : frame.shape[1] // 2] = 1
        return answer


def share_of(colour, sheet) -> float:
    """Return how much of a sheet has a colour."""
    return float((sheet == np.array(colour, np.uint8)).all(axis=-1).mean())


def test_what_is_marked_stays_and_the_rest_becomes_one_colour():
    image = np.full((4, 6, 3), 9, np.uint8)
    mask = np.zeros((4, 6), np.uint8)
    mask[:, :2] = 255
    answer = marked(image, mask)
    assert (answer[:, :2] == 9).all()
    assert (answer[:, 2:] == BEHIND).all()


def test_a_sheet_of_pairs_grows_with_their_number(data):
    pairs = find_pairs(data / "portraits")
    assert len(pairs) == 6
    two, all_of_them = show_pairs(pairs, 2), show_pairs(pairs, 100)
    assert two.dtype == np.uint8 and two.shape[1:] == all_of_them.shape[1:]
    assert 2 < all_of_them.shape[0] / two.shape[0] < 3.2
    assert share_of(BEHIND, two) > 0.05


def test_a_sheet_of_samples_shows_what_is_not_learned_from(data):
    dataset = PersonDataset(data, size=96, batch_size=4, seed=5)
    sheet = show_samples(dataset, 8)
    assert sheet.ndim == 3 and sheet.dtype == np.uint8
    assert share_of(BEHIND, sheet) > 0.05
    # More than its key in the sheet's head.
    assert share_of(IGNORED, sheet) > share_of(IGNORED, sheet[:100]) * 100 / len(sheet)
    np.testing.assert_array_equal(show_samples(dataset, 8), sheet)


@pytest.mark.parametrize("count", [1, 5])
def test_any_number_of_samples_fits(data, count):
    dataset = PersonDataset(data, size=64, batch_size=4, seed=5)
    assert show_samples(dataset, count).ndim == 3


def test_choices_are_drawn_before_each_background():
    frame = np.full((64, 96, 3), (250, 250, 10), np.uint8)
    sheet = show_choices(
        frame,
        LeftHalf(),
        {"red": "#ff0000", "none": "transparent"},
        {"as it is": ReplaceOptions(refine=RefineOptions(edge_strength=0))},
    )
    shares = [share_of(colour, sheet) for colour in ((255, 0, 0), BEHIND, (250, 250, 10))]
    # Half of one tile, half of the other, half of both.
    assert shares[0] == pytest.approx(shares[1], rel=0.1)
    assert shares[2] == pytest.approx(shares[0] + shares[1], rel=0.1)
    options = ReplaceOptions()
    two = show_choices(
        frame, LeftHalf(), {"red": "#ff0000"}, {"one": options, "two": replace(options)}
    )
    one = show_choices(frame, LeftHalf(), {"red": "#ff0000"}, {"one": options})
    assert two.shape[0] > 1.5 * one.shape[0]
