import cv2
import numpy as np
import pytest

from segmenter.training.augment import bystanders
from segmenter.training.augment.bystanders import put_behind
from segmenter.training.augment.compose import Person
from segmenter.training.augment.views import Sample

SEEDS = range(30)
BLUE = np.full((60, 40, 3), (10, 20, 230), np.uint8)


@pytest.fixture
def photo():
    """A green person, half as tall as the frame, on grey; the right margin does not count."""
    image = np.full((80, 100, 3), 128, np.uint8)
    mask = np.zeros((80, 100), np.uint8)
    cv2.rectangle(mask, (40, 30), (59, 69), 255, -1)
    image[mask > 0] = (20, 200, 20)
    counts = np.ones_like(mask)
    counts[:, 90:] = 0
    return Sample(image, mask, counts)


def whole() -> np.ndarray:
    alpha = np.zeros((60, 40), np.uint8)
    cv2.rectangle(alpha, (10, 5), (29, 54), 255, -1)
    return alpha


def test_who_is_in_front_stays_as_she_is(photo):
    for seed in SEEDS:
        sample = put_behind(photo, [(BLUE, whole())] * 2, np.random.default_rng(seed))
        front = photo.mask > 0
        np.testing.assert_array_equal(sample.image[front], photo.image[front])
        assert (sample.mask[front] == 255).all()
        np.testing.assert_array_equal(sample.counts, photo.counts)


def test_who_is_behind_is_marked_where_she_is_seen(photo):
    seen = 0
    for seed in SEEDS:
        sample = put_behind(photo, [(BLUE, whole())], np.random.default_rng(seed))
        behind = (photo.mask == 0) & (sample.mask > 250)
        blueness = sample.image[..., 2].astype(int) - sample.image[..., 1]
        assert (blueness[behind] > 0).all()
        assert (blueness[sample.mask == 0] == 0).all()
        seen += bool(behind.any())
    assert seen > len(SEEDS) / 2


def test_nobody_behind_is_as_tall_as_who_is_in_front(photo):
    """And some are cut off by the frame's sides."""
    cut = 0
    for seed in SEEDS:
        sample = put_behind(photo, [(BLUE, whole())], np.random.default_rng(seed))
        behind = ((photo.mask == 0) & (sample.mask > 127)).astype(np.uint8)
        assert cv2.boundingRect(behind)[3] <= 1.25 * 40  # turned by up to 6 degrees
        cut += bool(behind[:, [0, -1]].any())
    assert 2 < cut < len(SEEDS)


def test_whom_her_photo_cuts_off_on_both_sides_is_no_taller_either(photo):
    """She would span the frame from side to side."""
    alpha = np.zeros((60, 40), np.uint8)
    alpha[10:] = 255
    for seed in SEEDS:
        sample = put_behind(photo, [(BLUE, alpha)], np.random.default_rng(seed))
        np.testing.assert_array_equal(sample.mask, photo.mask)


def test_where_both_cover_a_pixel_in_part_the_mask_says_how_much_both_cover(monkeypatch):
    seen = np.ones((8, 8), np.float32)
    behind = Person(np.full((8, 8, 3), 200, np.float32), seen, 8.0)
    monkeypatch.setattr(bystanders, "place_person", lambda *_: behind)
    edge = Sample(np.full((8, 8, 3), 100, np.uint8), np.full((8, 8), 51, np.uint8), seen)
    # A fifth is of the one in front, four fifths are of what is behind her, who hides as much.
    sample = put_behind(edge, [(None, None)], np.random.default_rng(1))
    assert (sample.mask == round(255 * (0.8 + 0.2 * 0.2))).all()
