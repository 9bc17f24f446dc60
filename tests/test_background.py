import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from fractions import Fraction
from functools import partial
from itertools import count

import cv2
import numpy as np
import pytest
from clips import make_numbered

from segmenter.background import Blur, Clip, Colour, Picture, Transparent
from segmenter.errors import InvalidInput
from segmenter.video import read_frames

HEIGHT, WIDTH = 90, 160
FRAME = np.full((HEIGHT, WIDTH, 3), 77, np.uint8)
ALPHA = np.zeros((HEIGHT, WIDTH), np.float32)
COLOUR = Colour(1, 2, 3)


def numbers(length):
    """Frames whose level is their number."""
    return (np.full((8, 8, 3), level, np.uint8) for level in range(length))


def gradient(height, width):
    """Red grows to the right, green downwards."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.linspace(0, 255, width)[None]
    picture[..., 1] = np.linspace(0, 255, height)[:, None]
    return picture


@pytest.mark.parametrize(
    "background",
    [
        Transparent(),
        Colour(1, 2, 3),
        Picture(gradient(40, 300)),
        Picture(gradient(300, 40), "contain"),
        Picture(gradient(7, 9), "tile"),
        Picture(gradient(1, 1)),
        Blur(),
        Blur(0.5),
        Blur(500),
        Clip(lambda: numbers(3), Fraction(25)),
    ],
)
@pytest.mark.parametrize("size", [(90, 160), (161, 91), (1, 1), (2, 500)])
def test_every_background_has_the_size_of_the_frame(background, size):
    frame, alpha = np.zeros((*size, 3), np.uint8), np.zeros(size, np.float32)
    with closing(background):
        for time in (0, 0.5, Fraction(1, 3)):
            behind = background.at(time, frame, alpha)
            assert (behind.shape, behind.dtype) == (frame.shape, np.uint8)


@pytest.mark.parametrize(
    ("text", "colour"),
    [("#1e90ff", (30, 144, 255)), ("#FFF", (255, 255, 255)), (" #0a0 ", (0, 170, 0))],
)
def test_colour_from_hex(text, colour):
    assert (Colour.from_hex(text).at(0, FRAME, ALPHA) == colour).all()


@pytest.mark.parametrize("text", ["", "red", "1e90ff", "#12345", "#12345g", "#1234567", "##1234"])
def test_what_is_no_colour_says_how_to_write_one(text):
    with pytest.raises(InvalidInput, match="#rrggbb"):
        Colour.from_hex(text)


def test_colour_parts_have_a_range():
    with pytest.raises(InvalidInput, match="0 to 255"):
        Colour(0, 256, 0)


def test_a_colour_can_be_that_of_a_pixel():
    np.testing.assert_array_equal(Colour(*FRAME[0, 0]).at(0, FRAME, ALPHA)[3, 3], FRAME[0, 0])


def test_cover_fills_the_frame_with_the_middle():
    picture = gradient(90, 320)
    behind = Picture(picture).at(0, FRAME, ALPHA)
    assert (behind == picture[:, 80:240]).all()


def test_contain_shows_it_all_between_black_bars():
    behind = Picture(np.full((180, 160, 3), 200, np.uint8), "contain").at(0, FRAME, ALPHA)
    assert (behind[:, 40:120] == 200).all()
    assert not behind[:, :40].any()
    assert not behind[:, 120:].any()


def test_tile_repeats_from_the_top_left():
    picture = gradient(20, 30)
    behind = Picture(picture, "tile").at(0, FRAME, ALPHA)
    assert all(
        (behind[row, column] == picture[row % 20, column % 30]).all()
        for row in range(0, HEIGHT, 7)
        for column in range(WIDTH)
    )


def test_a_picture_is_fitted_once_for_each_size():
    picture = Picture(gradient(50, 50))
    first = picture.at(0, FRAME, ALPHA)
    assert picture.at(1, FRAME, ALPHA) is first
    assert picture.at(2, FRAME[:20], ALPHA[:20]).shape == (20, WIDTH, 3)


def test_what_is_given_out_again_can_not_be_written_to():
    for background in (Colour(1, 2, 3), Picture(FRAME), Picture(gradient(9, 9))):
        with pytest.raises(ValueError, match="read-only"):
            background.at(0, FRAME, ALPHA)[0, 0] = 9
    FRAME[0, 0] = 77  # the picture given stays the caller's own


@pytest.mark.parametrize(
    "make", [Picture, lambda image, fit: Clip(lambda: image, Fraction(1), fit)]
)
def test_unknown_fit(make):
    with pytest.raises(InvalidInput, match="cover, contain, tile"):
        make(FRAME, "stretch")


# Blur


def person(height, width, softness):
    """A disc's alpha in the middle, its edge `softness` pixels soft."""
    row, column = np.mgrid[:height, :width]
    distance = np.hypot(row - height / 2, column - width / 2)
    return np.clip((height / 4 - distance) / softness + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize("radius_px", [None, 1, 4, 7, 12, 40, 150])
@pytest.mark.parametrize("size", [(180, 320), (360, 640), (97, 131)])
def test_blur_holds_nothing_of_the_person(size, radius_px):
    alpha = person(*size, softness=6)
    # All green room, all red person: any red in the blur can only be hers.
    frame = np.zeros((*size, 3), np.uint8)
    frame[..., 0] = np.rint(255 * alpha)
    frame[..., 1] = np.rint(200 * (1 - alpha))
    behind = Blur(radius_px).at(0, frame, alpha)
    assert behind[..., 0].max() <= 4
    # No dark or bright halo either, and behind her the room goes on.
    assert abs(behind[..., 1].astype(int) - 200).max() <= 4


def test_a_naive_blur_would_fail_the_test_above():
    alpha = person(180, 320, softness=6)
    frame = np.zeros((180, 320, 3), np.uint8)
    frame[..., 0] = np.rint(255 * alpha)
    assert cv2.GaussianBlur(frame, (0, 0), 5)[alpha == 0][:, 0].max() > 50


def test_blur_agrees_with_the_plain_formula():
    generator = np.random.default_rng(3)
    frame = cv2.GaussianBlur(generator.integers(0, 256, (90, 120, 3), np.uint8), (0, 0), 3)
    frame = cv2.normalize(frame, None, 0, 255, cv2.NORM_MINMAX)
    room = (person(90, 120, softness=1) == 0).astype(np.float64)
    row, column = np.mgrid[:90, :120]
    behind = Blur(1.9).at(0, frame, 1 - room.astype(np.float32))
    for y, x in ((5, 5), (45, 20), (20, 100), (84, 60), (45, 95)):
        weight = np.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * 1.9**2)) * room
        expected = (frame * weight[..., None]).sum((0, 1)) / weight.sum()
        assert abs(behind[y, x] - expected).max() < 3


def test_blur_smooths_the_room():
    frame = np.zeros((180, 320, 3), np.uint8)
    frame[:, ::2] = 200
    behind = Blur(8).at(0, frame, np.zeros((180, 320), np.float32))
    assert abs(behind.astype(int) - 100).max() <= 3


def test_where_no_room_is_in_reach_the_nearest_fills():
    alpha = np.ones((180, 320), np.float32)
    alpha[:, :20] = 0
    alpha[:, -20:] = 0
    frame = np.zeros((180, 320, 3), np.uint8)
    frame[:, :20, 2], frame[:, -20:, 1] = 200, 200
    frame[:, 20:-20] = 255
    behind = Blur(3).at(0, frame, alpha).astype(int)
    assert behind[..., 0].max() <= 2
    assert behind[90, 60, 2] > behind[90, 60, 1] + 30  # left is blue's side
    assert behind[90, 260, 1] > behind[90, 260, 2] + 30
    assert (behind[..., 1:].sum(axis=2) > 150).all()  # never dark


@pytest.mark.parametrize("radius_px", [None, 3, 60])
@pytest.mark.parametrize("width", [2, 6, 12])
def test_a_strip_beside_a_close_up_is_blurred_with_its_own_colour(width, radius_px):
    alpha = np.ones((360, 640), np.float32)
    alpha[:, :width] = 0
    frame = np.full((360, 640, 3), 200, np.uint8)
    frame[:, :width] = (30, 60, 200)
    strip = Blur(radius_px).at(0, frame, alpha)[:, :width].astype(int)
    assert abs(strip - (30, 60, 200)).max() <= 4


def test_all_person_gives_grey():
    behind = Blur().at(0, FRAME, np.ones((HEIGHT, WIDTH), np.float32))
    assert (behind == 128).all()


@pytest.mark.parametrize("radius_px", [0, -3, float("nan"), 1001])
def test_blur_needs_a_radius(radius_px):
    with pytest.raises(InvalidInput, match="above 0"):
        Blur(radius_px)


# Clip


class Opener:
    """Opens a clip of `length` frames; counts how often, and how many are open."""

    def __init__(self, length):
        self.length, self.opened, self.open = length, 0, 0

    def __call__(self):
        self.opened += 1
        self.open += 1
        try:
            yield from numbers(self.length)
        finally:
            self.open -= 1


def shown(clip, time):
    return int(clip.at(time, FRAME, ALPHA)[0, 0, 0])


def test_clip_goes_by_time_and_begins_anew():
    clip = Clip(Opener(10), Fraction(25))
    assert [shown(clip, index / 25) for index in range(23)] == [*range(10), *range(10), 0, 1, 2]
    clip.close()


def test_clip_slower_and_faster_than_the_frames():
    slow, fast = Clip(Opener(10), Fraction(10)), Clip(Opener(100), Fraction(60))
    with closing(slow), closing(fast):
        assert [shown(slow, index / 30) for index in range(9)] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
        assert [shown(fast, index / 30) for index in range(5)] == [0, 2, 4, 6, 8]


def test_exact_fractions_do_not_slip_by_a_frame():
    rate = Fraction(30000, 1001)
    clip = Clip(Opener(200), rate)
    with closing(clip):
        assert [shown(clip, float(index / rate)) for index in range(150)] == list(range(150))


def test_clip_jumps_back_and_far_ahead():
    clip = Clip(Opener(10), Fraction(1))
    with closing(clip):
        assert [shown(clip, time) for time in (4, 2, 1234567, 9, 0, -1)] == [4, 2, 7, 9, 0, 0]


def test_clip_opens_one_file_at_a_time_and_closes_it():
    opener = Opener(5)
    clip = Clip(opener, Fraction(1))
    for time in range(12):
        shown(clip, time)
    assert (opener.opened, opener.open) == (3, 1)
    clip.close()
    assert opener.open == 0
    assert shown(clip, 3) == 3  # used again, it opens again
    clip.close()
    assert opener.open == 0


def test_clip_holds_one_frame():
    read = count()
    clip = Clip(
        lambda: (np.full((8, 8, 3), next(read) % 200, np.uint8) for _ in count()), Fraction(1)
    )
    shown(clip, 3)
    assert next(read) == 4  # 0 to 3 were read, none ahead


def test_clip_without_frames():
    with pytest.raises(InvalidInput, match="no frames"):
        shown(Clip(Opener(0), Fraction(25)), 0)


@pytest.mark.parametrize("rate", [0, -25, float("nan")])
def test_a_clip_needs_a_rate(rate):
    with pytest.raises(InvalidInput, match="more than 0 frames a second"):
        Clip(Opener(5), rate)


def test_clip_from_a_real_file(tmp_path):
    path = make_numbered(tmp_path / "clip.mp4", rate="25", seconds=0.4)
    clip = Clip(lambda: read_frames(path), Fraction(25))
    with closing(clip):
        levels = [shown(clip, index / 25) for index in range(20)]
    assert levels[:10] == levels[10:]
    assert levels[:10] == sorted(set(levels))


def test_a_clip_is_asked_by_two_threads_in_turns():
    clip = Clip(lambda: numbers(50), Fraction(25))

    def ask(shift):
        return [clip.at((time * 7 + shift) % 60 / 25, FRAME, ALPHA)[0, 0, 0] for time in range(300)]

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(ask, (0, 3)))
    for shift, levels in zip((0, 3), answers, strict=True):
        assert levels == [(time * 7 + shift) % 60 % 50 for time in range(300)]


def test_every_background_travels_to_another_process(tmp_path):
    path = make_numbered(tmp_path / "clip.mp4", rate="25", seconds=0.4)
    clip = Clip(partial(read_frames, path), Fraction(25), "contain", file=path)
    with closing(clip):
        for background in (Transparent(), COLOUR, Picture(gradient(7, 9), "tile"), Blur(3), clip):
            behind = background.at(0.2, FRAME, ALPHA)
            with closing(pickle.loads(pickle.dumps(background))) as arrived:
                np.testing.assert_array_equal(arrived.at(0.2, FRAME, ALPHA), behind)
                assert arrived.file == background.file


def test_a_plain_frame_as_large_as_a_photo_is_not_kept():
    small, large = np.empty((90, 160, 3), np.uint8), np.empty((4000, 3000, 3), np.uint8)
    assert COLOUR.at(0, small, ALPHA) is COLOUR.at(0, small, ALPHA)
    kept = weakref.ref(COLOUR.at(0, large, ALPHA))
    assert kept() is None
