import cv2
import numpy as np
import pytest

from segmenter.training.augment.compose import (
    FARTHEST_PERSON,
    Person,
    cast_shadow,
    composite,
    cut_sides,
    draw_people,
    group,
    is_whole,
    match_light,
    place_person,
    spread_colours,
)

RED = np.full((60, 40, 3), (220, 30, 30), np.uint8)
ROOM = np.full((64, 96, 3), (20, 160, 40), np.uint8)
SEEDS = range(40)


def body(*, top=10, bottom=50, left=8, right=32) -> np.ndarray:
    """An alpha (60,40) with a box."""
    alpha = np.zeros((60, 40), np.uint8)
    alpha[top:bottom, left:right] = 255
    return alpha


def test_a_composite_shows_the_person_where_the_mask_is():
    seen = 0
    for seed in SEEDS:
        sample = composite(ROOM, [(RED, body())], np.random.default_rng(seed))
        assert sample.counts.all()
        person, room = sample.mask == 255, sample.mask == 0
        # Shadows darken the room and leave its hue.
        assert (sample.image[room] <= ROOM[room]).all()
        assert (sample.image[room][:, 1] >= 2 * sample.image[room][:, 0]).all()
        if person.any():
            seen += 1
            redder = sample.image[person].mean(axis=0) - sample.image[room].mean(axis=0)
            assert redder[0] > 50
    assert seen > 30


def test_nobody_changes_nothing():
    sample = composite(ROOM, [(RED, np.zeros((60, 40), np.uint8))], np.random.default_rng(0))
    np.testing.assert_array_equal(sample.image, ROOM)
    assert not sample.mask.any()


def test_the_nearer_stands_in_front():
    """Of a red and a blue person the taller one is seen where both are."""
    blue = np.ascontiguousarray(RED[..., ::-1])
    checked = 0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        first, second = (
            place_person(image, body(), 64, 96, rng, FARTHEST_PERSON) for image in (RED, blue)
        )
        sample = composite(ROOM, [(RED, body()), (blue, body())], np.random.default_rng(seed))
        both = (first.coverage == 1) & (second.coverage == 1)
        if both.sum() < 20:
            continue
        checked += 1
        reddish = sample.image[both][:, 0].mean() > sample.image[both][:, 2].mean()
        assert reddish == (first.tall > second.tall)
    assert checked > 5


def test_where_two_cover_half_a_pixel_each_three_quarters_are_people():
    half = np.full(ROOM.shape[:2], 0.5, np.float32)
    people = [Person(np.zeros(ROOM.shape, np.float32), half, tall) for tall in (10.0, 20.0)]
    assert (draw_people(ROOM, people, np.random.default_rng(0)).mask == 191).all()


def test_a_group_stands_whole_and_small_side_by_side_on_one_ground():
    narrow, several = body(left=14, right=26), 0
    for seed in SEEDS:
        people = [(RED, narrow)] * 3
        sample = group(np.zeros((200, 600, 3), np.uint8), people, np.random.default_rng(seed))
        _, _, boxes, _ = cv2.connectedComponentsWithStats((sample.mask > 200).astype(np.uint8))
        boxes = [box for box in boxes[1:] if box[0] > 0 and box[0] + box[2] < 600]
        heights = [box[3] / 200 for box in boxes]
        assert all(0.15 < height < 0.95 for height in heights)
        feet = [(box[1] + box[3]) / 200 for box in boxes]
        assert max(feet, default=0) - min(feet, default=0) < 0.2
        shown = sample.image[sample.mask == 255].astype(int)
        assert (shown[:, 0] >= shown[:, 1]).all()  # red, however dark
        several += len(boxes) == 3
    assert several > 10


@pytest.mark.parametrize(
    ("alpha", "whole"),
    [
        (body(left=14, right=26), True),
        (body(left=14, right=26, bottom=60), False),
        (body(left=8, right=36), False),
        (np.zeros((60, 40), np.uint8), False),
    ],
)
def test_whole_is_who_stands_between_the_photos_edges(alpha, whole):
    assert is_whole(alpha) == whole


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (body(), set()),
        (body(bottom=60), {"below"}),
        (body(left=0, top=0), {"left", "above"}),
        (body(left=0, right=40), {"left", "right"}),
        (body(right=40, top=30, bottom=32), {"right"}),
    ],
)
def test_the_sides_that_cut_a_person_off_are_known(alpha, expected):
    assert cut_sides(alpha) == expected


def test_a_person_cut_off_below_touches_the_lower_edge():
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        assert place_person(RED, body(bottom=60), 64, 96, rng).coverage[-1].max() > 0.4


def test_a_person_cut_off_at_a_side_touches_an_upright_edge():
    for seed in SEEDS:
        coverage = place_person(RED, body(left=0), 64, 96, np.random.default_rng(seed)).coverage
        assert max(coverage[:, 0].max(), coverage[:, -1].max()) > 0.4


def test_one_who_is_cut_off_all_round_fills_the_frame():
    for seed in SEEDS:
        whole = body(top=0, bottom=60, left=0, right=40)
        person = place_person(RED, whole, 64, 96, np.random.default_rng(seed))
        assert (person.coverage > 0.5).mean() > 0.85


def test_as_small_as_asked_for():
    talls = [
        [
            place_person(RED, body(), 64, 96, np.random.default_rng(seed), *least).tall
            for seed in SEEDS
        ]
        for least in ((), (FARTHEST_PERSON,))
    ]
    assert min(talls[0]) >= 0.4 * 64 - 1e-6 > min(talls[1]) >= 0.2 * 64 - 1e-6


def test_people_come_whole_and_as_faces():
    large = [pixels.repeat(4, axis=0).repeat(4, axis=1) for pixels in (RED, body())]
    shares = [place_person(*large, 64, 96, np.random.default_rng(seed)).tall / 64 for seed in SEEDS]
    assert min(shares) < 0.6 and max(shares) > 1.5


def test_the_old_ground_does_not_show_at_the_edge():
    """A red box cut from white, its edge half white: the edge becomes red, far pixels stay."""
    alpha = body()
    colours = np.full((60, 40, 3), 255, np.uint8)
    colours[12:48, 10:30] = (220, 30, 30)  # the mask is two pixels wider than the box
    alpha[11:49, 9:31] = 200
    alpha[12:48, 10:30] = 255
    spread = spread_colours(colours, alpha)
    assert np.abs(spread[10:50, 8:32] - (220, 30, 30)).max() < 1
    np.testing.assert_array_equal(spread[:2], colours[:2])


def test_light_moves_towards_the_rooms_and_never_past_it():
    rng = np.random.default_rng(0)
    noisy = rng.normal((200, 60, 60), 10, (60, 40, 3)).astype(np.float32)
    dark = rng.normal((30, 40, 90), 40, (60, 40, 3)).clip(0, 255).astype(np.uint8)
    person = Person(noisy, np.ones((60, 40), np.float32), 60.0)
    for seed in SEEDS:
        lit = match_light(person, dark, np.random.default_rng(seed))
        assert dark[..., 0].mean() < lit[..., 0].mean() <= noisy[..., 0].mean() + 1e-2
        assert noisy[..., 2].mean() - 1e-2 <= lit[..., 2].mean() < dark[..., 2].mean()
        assert noisy.std(axis=(0, 1)).mean() <= lit.std(axis=(0, 1)).mean() + 1e-3
        assert lit.std(axis=(0, 1)).mean() <= 1.4 * noisy.std(axis=(0, 1)).mean() + 1e-3


def test_a_shadow_darkens_near_the_person_only():
    coverage = np.zeros((64, 96), np.float32)
    coverage[20:40, 40:56] = 1
    light = np.full((64, 96, 3), 200, np.float32)
    for seed in SEEDS:
        shaded = cast_shadow(light, coverage, np.random.default_rng(seed))
        assert shaded.max() <= 200 and shaded.min() >= 0
        assert shaded[18:44, 34:62].mean() < shaded[:, :8].mean()
