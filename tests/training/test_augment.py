import numpy as np
import torch

from segmenter.training import augment

PERSON = np.full((60, 40, 3), (220, 30, 30), np.uint8)
ALPHA = np.zeros((60, 40), np.uint8)
ALPHA[20:, 8:32] = 255
ROOM = np.full((64, 96, 3), (20, 160, 40), np.uint8)


def test_a_view_marks_what_lies_outside_the_photo():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sample = augment.random_view(PERSON, np.full_like(ALPHA, 255), 64, 96, rng)
        assert sample.image.shape == (64, 96, 3) and sample.mask.shape == (64, 96)
        # The photo is all person: wherever it counts the mask says so.
        assert sample.mask[sample.counts == 1].min() >= 127
        assert sample.counts.mean() > 0.1


def test_a_composite_shows_the_person_where_the_mask_is():
    seen = 0
    for seed in range(20):
        sample = augment.composite(ROOM, [(PERSON, ALPHA)], np.random.default_rng(seed))
        person, room = sample.mask == 255, sample.mask == 0
        np.testing.assert_array_equal(sample.image[room], ROOM[room])
        if person.any():
            seen += 1
            assert sample.image[person][:, 0].mean() > sample.image[room][:, 0].mean()
    assert seen > 15


def test_a_person_cut_off_below_touches_the_lower_edge():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        _, alpha = augment.place_person(PERSON, ALPHA, 64, 96, rng)
        assert alpha[-1].max() > 100


def test_a_backdrop_fills_the_frame():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        assert augment.random_backdrop(ROOM, 96, 64, rng).shape == (96, 64, 3)


def test_the_camera_keeps_shape_and_type():
    image = torch.randint(0, 256, (3, 64, 48), dtype=torch.uint8)
    for seed in range(20):
        out = augment.simulate_camera(image, np.random.default_rng(seed))
        assert out.shape == image.shape and out.dtype == torch.uint8


def test_an_empty_mask_gives_a_picture_of_nobody():
    nobody = np.zeros_like(ALPHA)
    sample = augment.composite(ROOM, [(PERSON, nobody)], np.random.default_rng(0))
    np.testing.assert_array_equal(sample.image, ROOM)
    assert not sample.mask.any()
