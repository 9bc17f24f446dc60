import numpy as np
import pytest

from segmenter.training.augment.objects import (
    MOST_HIDDEN,
    OUTLINES,
    cover,
    paint,
    put_object,
    random_place,
    random_shape,
)
from segmenter.training.augment.views import Sample

RED, BLUE = (np.full((64, 96, 3), colour, np.uint8) for colour in ((220, 30, 30), (20, 30, 200)))
SEEDS = range(60)


def standing() -> Sample:
    """A person, red like all else, in the middle."""
    mask = np.zeros((64, 96), np.uint8)
    mask[16:, 30:66] = 255
    return Sample(RED, mask, np.ones_like(mask))


def test_a_thing_lowers_the_mask_exactly_where_it_covers():
    coverage = np.zeros((64, 96), np.float32)
    coverage[40:50, 20:50], coverage[50, 20:50] = 1, 0.5
    sample = standing()
    covered = cover(sample, BLUE, coverage)
    assert not covered.mask[40:50, 20:50].any()
    np.testing.assert_array_equal(covered.image[40:50, 20:50], BLUE[40:50, 20:50])
    assert set(covered.mask[50, 30:50]) == {128}
    untouched = coverage == 0
    np.testing.assert_array_equal(covered.mask[untouched], sample.mask[untouched])
    np.testing.assert_array_equal(covered.image[untouched], sample.image[untouched])
    np.testing.assert_array_equal(covered.counts, sample.counts)


def test_wherever_a_thing_shows_nobody_is_marked():
    """All is red, the texture is blue or grey from it: what is not red is no person."""
    shown = 0
    for seed in SEEDS:
        covered = put_object(standing(), BLUE, np.random.default_rng(seed))
        blue = covered.image[..., 2] > covered.image[..., 0]
        assert covered.mask[blue].max(initial=0) < 160
        assert (covered.mask <= standing().mask).all()
        shown += (blue & (standing().mask > 0)).sum() > 20
    assert shown > 30


def test_most_of_a_person_is_never_hidden():
    before = standing().mask.sum(dtype=np.int64)
    for seed in SEEDS:
        after = put_object(standing(), BLUE, np.random.default_rng(seed)).mask.sum(dtype=np.int64)
        assert after >= (1 - MOST_HIDDEN) * before


def test_a_thing_in_an_empty_room_marks_nobody():
    empty = Sample.of_background(RED)
    changed = 0
    for seed in SEEDS:
        covered = put_object(empty, BLUE, np.random.default_rng(seed))
        assert not covered.mask.any()
        changed += (covered.image != RED).any()
    assert changed > 50


@pytest.mark.parametrize("outline", OUTLINES)
def test_every_outline_covers_a_part(outline, monkeypatch):
    monkeypatch.setattr("segmenter.training.augment.objects.OUTLINES", (outline,))
    for seed in range(20):
        shape = random_shape(64, 96, (48.0, 32.0), np.random.default_rng(seed))
        assert shape.shape == (64, 96) and shape.dtype == np.float32
        assert shape.min() >= 0 and 0.5 < shape.max() <= 1
        assert 0.0005 < shape.mean() < 0.5


def test_a_place_is_on_a_person():
    sample = standing()
    for seed in SEEDS:
        x, y = random_place(sample.mask, np.random.default_rng(seed))
        assert sample.mask[int(y), int(x)] == 255


def test_a_surface_is_textured_or_plain_and_shaded():
    texture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    plain = 0
    for seed in SEEDS:
        surface = paint(texture, np.random.default_rng(seed))
        assert surface.shape == texture.shape
        assert surface.min() >= 0 and surface.max() <= 255
        plain += bool(np.abs(np.diff(surface, axis=0)).max() < 8)
    assert 15 < plain < 45
