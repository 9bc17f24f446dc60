import cv2
import numpy as np
import pytest

from segmenter.errors import InvalidInput
from segmenter.refine import edges_view
from segmenter.refine.alpha import unknown_band
from segmenter.refine.edges import BAND_COLOUR, EDGE_COLOUR, MOVED_COLOUR

SIZE, LEFT, RIGHT = 200, 60, 140  # a person from column 60 to column 140, all the way down


def upright(left: int = LEFT, right: int = RIGHT) -> np.ndarray:
    """Return a coverage of 1 between two columns, (SIZE, SIZE) float32."""
    coverage = np.zeros((SIZE, SIZE), np.float32)
    coverage[:, left:right] = 1
    return coverage


def photograph() -> np.ndarray:
    """Show the person bright on dark, and far from her a bright stick."""
    picture = 40 + 160 * upright()
    picture[:, 190:] = 200
    return np.dstack([picture] * 3).astype(np.uint8)


def columns_of(picture: np.ndarray, colour: tuple[int, int, int]) -> set[int]:
    """Return the columns that have the colour in the middle row."""
    return set(np.flatnonzero((picture[SIZE // 2] == colour).all(axis=-1)))


def test_only_the_edge_that_moved_the_outline_is_orange():
    """The network was right on the left side, three pixels off on the right one, and unsure."""
    probability = cv2.GaussianBlur(upright(right=RIGHT - 3), (0, 0), 5)
    picture = edges_view(photograph(), probability, upright())
    moved = columns_of(picture, MOVED_COLOUR)
    assert moved and all(abs(column - RIGHT) <= 3 for column in moved)
    white = columns_of(picture, EDGE_COLOUR)
    assert white and all(abs(column - LEFT) <= 2 for column in white)


def test_an_outline_that_stayed_or_was_shifted_off_the_edge_was_moved_by_none():
    stayed = edges_view(photograph(), upright(), upright())
    shifted = edges_view(photograph(), upright(), upright(LEFT - 6, RIGHT + 6))
    assert not columns_of(stayed, MOVED_COLOUR) and not columns_of(shifted, MOVED_COLOUR)


def test_the_band_is_blue_and_the_rest_grey():
    picture = edges_view(photograph(), upright(), upright()).astype(int)
    band = np.flatnonzero(unknown_band(upright())[SIZE // 2])
    red, _, blue = np.moveaxis(picture[SIZE // 2], 1, 0)
    is_blue = blue - red > 60
    assert set(band) == set(np.flatnonzero(is_blue)) | columns_of(picture, EDGE_COLOUR)
    assert is_blue[band].sum() >= 4
    middle, outside = picture[SIZE // 2, SIZE // 2], picture[SIZE // 2, 10]
    assert middle.tolist() == [100] * 3 and outside.tolist() == [20] * 3


def test_edges_away_from_the_band_are_faint():
    stick = edges_view(photograph(), upright(), upright())[SIZE // 2, 185:195]
    assert (stick.max(axis=0) < 200).all() and stick.max() > 100
    assert np.ptp(stick.astype(int), axis=1).max() == 0


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (900, 1300)])
def test_any_size(shape):
    generator = np.random.default_rng(0)
    frame = generator.integers(0, 256, (*shape, 3), dtype=np.uint8)
    probability, alpha = generator.random((2, *shape), dtype=np.float32)
    assert edges_view(frame, probability, alpha).shape == frame.shape


def test_shapes_that_differ_are_refused():
    with pytest.raises(InvalidInput):
        edges_view(photograph(), upright()[1:], upright())


# Seen through each kind of colour blindness, linear RGB (Viénot, Brettel & Mollon 1999).
BLINDNESS = {
    "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_colours_stay_apart_for_the_colour_blind(kind):
    colours = np.array([BAND_COLOUR, EDGE_COLOUR, MOVED_COLOUR]) / 255
    seen = np.clip(colours**2.2 @ np.array(BLINDNESS[kind]).T, 0, 1) ** (1 / 2.2)
    lab = cv2.cvtColor(seen[None].astype(np.float32), cv2.COLOR_RGB2LAB)[0]
    apart = [np.linalg.norm(lab[i] - lab[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert min(apart) > 40


def test_somebody_small_is_drawn_as_she_was_studied_from_near():
    frame, coverage = np.zeros((1200, 1800, 3), np.uint8), np.zeros((1200, 1800), np.float32)
    place = (slice(500, 500 + SIZE), slice(800, 800 + SIZE))
    frame[place], coverage[place] = photograph(), upright()
    row = edges_view(frame, coverage, coverage)[500 + SIZE // 2].astype(int)
    is_blue = row[:, 2] - row[:, 0] > 60
    beside = [np.flatnonzero(is_blue) - 800 - side for side in (LEFT, RIGHT)]
    assert all((abs(distance) <= 4).any() for distance in beside)
    assert 4 <= is_blue.sum() <= 12  # in the whole photo the band would be three times as wide
