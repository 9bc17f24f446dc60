from contextlib import nullcontext
from itertools import pairwise

import cv2
import numpy as np
import pytest
from scenes import GREEN, RED, RedSegmenter, person

from segmenter import matting as matting_steps
from segmenter.closeup import WHOLE
from segmenter.inference import Segmenter
from segmenter.matting import Matting, prepare_for_camera
from segmenter.pipeline import ReplaceOptions
from segmenter.preprocess import padded_shape
from segmenter.resample import fit


class Counting(RedSegmenter):
    """Counts the frames it was shown, and notes what it was told to expect."""

    def __init__(self):
        self.looks, self.expected = 0, []

    def probability(self, frame, size=None):
        self.looks += 1
        return super().probability(frame, size)

    def expect(self, height, width, size, *, wait=False):
        self.expected.append((height, width, size, wait))
        return True


@pytest.mark.parametrize("smoothing", [True, False])
def test_the_network_rests_while_nothing_moves_if_videos_are_steadied(smoothing):
    segmenter = Counting()
    matting = Matting(segmenter, closely=True)
    for _ in range(8):
        look = matting.look(person(side=80), smoothing=smoothing)
    assert segmenter.looks == (2 if smoothing else 8)
    alpha = matting.cut(look, ReplaceOptions(smoothing=smoothing))
    assert alpha[50:110, 70:130].min() > 0.9 and alpha[:, :50].max() < 0.1


def test_somebody_who_moves_after_a_rest_is_followed_in_that_frame():
    matting = Matting(Counting(), closely=True)
    for left in (60, 60, 60, 70):
        look = matting.look(person(left=left), smoothing=True)
    alpha = matting.cut(look, ReplaceOptions())
    assert alpha[50:70, 74:106].min() > 0.9 and alpha[50:70, :68].max() < 0.1


@pytest.mark.parametrize(("closely", "size"), [(True, 384), (False, 320)])
def test_the_network_is_made_ready_for_each_shape_of_frames(closely, size):
    segmenter = Counting()
    matting = Matting(segmenter, closely=closely)
    for width in (160, 160, 200, 200):
        matting.look(person(width=width, side=90), smoothing=False)
    told = list(dict.fromkeys(segmenter.expected))
    assert told == [(120, 160, size, closely), (120, 200, size, closely)]


@pytest.mark.parametrize(("closely", "sizes"), [(True, [384, 320]), (False, [320, 448, 267])])
@pytest.mark.parametrize("smoothing", [True, False])
def test_small_people_are_looked_at_closely(closely, sizes, smoothing):
    segmenter = Counting()
    frame = person(360, 640, left=200, side=80)
    look = Matting(segmenter, closely=closely).look(frame, smoothing=smoothing)
    assert [size for *_, size, _ in segmenter.expected] == sizes
    (part,) = look.parts
    assert part.share < 0.1
    seen = part.of(look.frame)
    assert (seen == RED).all(axis=2).sum() == 80 * 80  # whole
    down, across, _ = segmenter.expected[-1][:3]
    assert seen.shape[:2] == (down, across)


def test_of_small_people_s_frames_every_second_is_seen_whole_too():
    segmenter = Counting()
    matting = Matting(segmenter, closely=True)
    for left in (200, 206, 212, 218, 224):
        matting.look(person(360, 640, left=left, side=80), smoothing=True)
    # The second frame's motion is seen more finely than the first's: all in it is new.
    sizes = [384, 320, 384, 320, 320, 384, 320, 320]
    assert [size for *_, size, _ in segmenter.expected] == sizes


@pytest.mark.parametrize("number", [1, 2])
def test_whoever_comes_while_somebody_small_is_followed_is_there_in_that_frame(number):
    matting = Matting(Counting(), closely=True)
    frames = [person(360, 640, left=200 + 2 * n, side=60) for n in range(4)]
    newcomer = slice(40, 100), slice(300, 360)
    for frame in frames[number:]:
        frame[newcomer] = RED
    alphas = [matting.cut(matting.look(f, smoothing=True), ReplaceOptions()) for f in frames]
    assert alphas[number][newcomer][5:-5, 5:-5].min() > 0.9


def noisy(frame, seed):
    noise = np.random.default_rng(seed).integers(-9, 10, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)


class Failing(Counting):
    """Fails while it is told to."""

    is_failing = False

    def probability(self, frame, size=None):
        if self.is_failing:
            raise MemoryError
        return super().probability(frame, size)


@pytest.mark.parametrize("failures", [1, 2, 4])
def test_after_failures_nobody_is_left_where_she_was(failures):
    segmenter = Failing()
    matting = Matting(segmenter, closely=False)
    lefts = [10] * 6 + [165] * 10  # she leaves within a frame, and what she hid is seen
    for number, left in enumerate(lefts):
        segmenter.is_failing = 6 <= number < 6 + failures
        with pytest.raises(MemoryError) if segmenter.is_failing else nullcontext():
            frame = noisy(person(240, 320, left=left, side=140), seed=number)
            alpha = matting.cut(matting.look(frame, smoothing=True), ReplaceOptions())
            assert alpha[:, left + 150 :].max(initial=0) < 0.05
            assert alpha[:, : max(0, left - 10)].max(initial=0) < 0.05


class Shortsighted(Counting):
    """Sees nobody who is less than 30 pixels tall to it."""

    def probability(self, frame, size=None):
        found = super().probability(frame, size)
        tall = found.any(axis=1).sum() * size / max(frame.shape[:2])
        return found if tall >= 30 else 0 * found


@pytest.mark.parametrize("closely", [True, False])
@pytest.mark.parametrize("left", [20, 560])
def test_whoever_the_whole_frame_does_not_show_is_sought_in_its_quarters(closely, left):
    segmenter = Shortsighted()
    matting = Matting(segmenter, closely=closely)
    size = segmenter.photo_size if closely else segmenter.live_size
    rooms = [noisy(person(360, 640, side=0), seed) for seed in range(8)]
    frames = [noisy(person(360, 640, left=left, side=45), seed) for seed in range(8)]
    looks = [matting.look(frame, smoothing=True) for frame in frames]
    alpha = matting.cut(looks[-1], ReplaceOptions())
    assert all(look.parts[0].share < 0.1 for look in looks)
    assert alpha[50:75, left + 5 : left + 40].min() > 0.9
    segmenter.expected.clear()
    matting = Matting(segmenter, closely=closely)
    for room in rooms:
        matting.look(room, smoothing=True)
    # No shape but the frame's own is made ready for that.
    assert {
        padded_shape(*fit(down, across, size), 32) for down, across, *_ in segmenter.expected
    } == {padded_shape(*fit(360, 640, size), 32)}


def test_after_a_cut_all_is_looked_at_anew():
    segmenter = Counting()
    matting = Matting(segmenter, closely=True)
    room, other = person(360, 640, left=200, side=80), person(360, 640, left=500, side=70)
    other[:, :, 2] = 255 - other[:, :, 2]
    matting.look(room, smoothing=True)
    segmenter.expected.clear()
    look = matting.look(other, smoothing=True)
    assert [size for *_, size, _ in segmenter.expected] == [384, 320]
    (part,) = look.parts
    assert (part.left, part.right) == pytest.approx((0.76, 0.91), abs=0.02)


def test_people_who_walk_are_followed_closely_and_left_when_they_come_near():
    matting = Matting(Counting(), closely=True)
    places = [*range(60, 140, 2)]
    looks = [matting.look(person(360, 640, left=x, side=60), smoothing=True) for x in places]
    for left, look in zip(places, looks, strict=True):
        alpha = matting.cut(look, ReplaceOptions())
        assert alpha[44:96, left + 4 : left + 56].min() > 0.9
        assert alpha[:, : left - 4].max() < 0.1 and alpha[:, left + 64 :].max() < 0.1
    moves = sum(one.parts != other.parts for one, other in pairwise(looks))
    assert 1 <= moves <= len(looks) / 2
    assert matting.look(person(360, 640, left=60, side=300), smoothing=True).parts == [WHOLE]


def row_of_people():
    """More people, far from each other, than are looked at one by one."""
    return np.hstack([person(width=70, side=30, left=20) for _ in range(5)])


def test_more_small_people_than_parts_are_seen_from_nearer_in_files_all_together():
    segmenter = Counting()
    matting = Matting(segmenter, closely=True)
    frame = row_of_people()
    for _ in range(2):
        assert matting.look(frame, smoothing=False).parts == [WHOLE]
    assert [size for *_, size, _ in segmenter.expected] == [384, 640, 640]
    segmenter.expected.clear()
    frame[20:110, 20:330] = RED
    assert matting.look(frame, smoothing=False).parts == [WHOLE]
    assert [size for *_, size, _ in segmenter.expected] == [640, 384]


@pytest.mark.parametrize("closely", [True, False])
def test_small_people_far_from_each_other_are_looked_at_closely_one_by_one(closely):
    segmenter = Counting()
    matting = Matting(segmenter, closely=closely)
    frame = np.hstack([person(360, 640, left=200, side=80), person(360, 640, left=400, side=120)])
    look = matting.look(frame, smoothing=False)
    boxes = [part.of(look.frame).shape[:2] for part in look.parts]
    assert [expected[:2] for expected in segmenter.expected[-2:]] == boxes
    red = [(part.of(look.frame) == RED).all(axis=2).sum() for part in look.parts]
    assert red == [80 * 80, 120 * 120]
    alpha = matting.cut(look, ReplaceOptions(smoothing=False))
    truth = (frame == RED).all(axis=2)
    np.testing.assert_array_equal(alpha >= 0.5, truth)
    outline = cv2.morphologyEx(truth.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
    np.testing.assert_allclose(alpha[~outline], truth[~outline], atol=0.1)


def test_a_camera_s_people_in_a_row_are_seen_from_nearer_in_one_look_a_frame():
    segmenter = Counting()
    matting = Matting(segmenter, closely=False)
    frame = row_of_people()
    for _ in range(3):
        matting.look(frame, smoothing=False)
    assert [size for *_, size, _ in segmenter.expected] == [320, 448, 448, 448]


def test_where_there_is_time_a_camera_s_frames_and_their_parts_are_seen_larger():
    sizes = []
    for has_time in (False, True):
        segmenter = Counting()
        matting = Matting(segmenter, closely=False)
        look = matting.look(person(side=20), smoothing=False, has_time=has_time)
        assert look.parts != [WHOLE]
        sizes.append([size for *_, size, _ in segmenter.expected])
    (whole, group, part), finer = sizes
    assert (whole, group) == (320, 448)
    assert finer == [384, 640, pytest.approx(1.2 * part, abs=1)]


class Preparing(Counting):
    """Notes what it is asked, and is ready for what was expected a while before."""

    def __init__(self):
        super().__init__()
        self.sizes, self.is_ready = [], True

    def probability(self, frame, size=None):
        self.sizes.append(size)
        return super().probability(frame, size)

    def expect(self, height, width, size, *, wait=False):
        super().expect(height, width, size, wait=wait)
        return self.is_ready or wait


@pytest.mark.parametrize("is_ready_at_first", [True, False])
def test_a_camera_keeps_its_size_until_the_network_is_ready_for_another(is_ready_at_first):
    segmenter = Preparing()
    segmenter.is_ready = is_ready_at_first
    matting = Matting(segmenter, closely=False)
    frame = person(side=90)
    matting.look(frame, smoothing=False)
    segmenter.is_ready = False
    for _ in range(2):
        matting.look(frame, smoothing=False, has_time=True)
    segmenter.is_ready = True
    matting.look(frame, smoothing=False, has_time=True)
    assert segmenter.sizes == [320, 320, 320, 384]


@pytest.mark.parametrize(("has_time", "sizes"), [(False, [320, 448]), (True, [384, 512, 640])])
def test_all_sizes_of_a_camera_can_be_made_ready(has_time, sizes):
    segmenter = Counting()
    prepare_for_camera(segmenter, 480, 640, has_time=has_time)
    assert segmenter.expected == [(480, 640, size, True) for size in sizes]


def test_a_video_waits_until_the_network_is_ready():
    segmenter = Preparing()
    segmenter.is_ready = False
    matting = Matting(segmenter, closely=True)
    frame = row_of_people()
    for _ in range(2):
        matting.look(frame, smoothing=False)
    assert segmenter.sizes == [384, 640, 640]


@pytest.mark.parametrize("has_time", [False, True])
def test_a_video_is_seen_at_its_own_size_whatever_the_time(has_time):
    segmenter = Counting()
    Matting(segmenter, closely=True).look(person(side=90), smoothing=True, has_time=has_time)
    assert [size for *_, size, _ in segmenter.expected] == [384]


def test_a_camera_that_sees_one_person_closely_still_looks_for_others_from_nearer():
    segmenter = Counting()
    matting = Matting(segmenter, closely=False)
    for _ in range(2):
        assert matting.look(person(side=20), smoothing=False).parts != [WHOLE]
    part = segmenter.expected[-1][2]
    assert [size for *_, size, _ in segmenter.expected] == [320, 448, part, 448, part]


def test_all_frames_of_a_file_are_calculated_in_the_same_way():
    segmenter = Segmenter(device="cpu", backend="onnx")
    Matting(segmenter, closely=True).look(person(), smoothing=True)  # who is none to the network
    assert segmenter.backend.sessions.get((1, 3, 288, 384)) is not None


@pytest.mark.parametrize("start", [100, 103])
def test_who_comes_nearer_is_seen_as_she_is_when_the_part_ends(start):
    matting, parts = Matting(Counting(), closely=True), []
    for side in range(start, 300, 6):
        look = matting.look(person(360, 640, left=200, side=side), smoothing=True)
        parts.append(look.parts)
        height, width = look.probability.shape
        edge = int((200 + side - 3) * width / 640)
        assert look.probability[60 * height // 360, edge] > 0.5
    assert parts[0] != [WHOLE] == parts[-1]


def test_the_part_is_refined_by_itself(monkeypatch):
    asked = []
    refined = matting_steps.refine

    def noted(*arguments, **options):
        asked.append(options["parts"])
        return refined(*arguments, **options)

    monkeypatch.setattr(matting_steps, "refine", noted)
    matting = Matting(Counting(), closely=True)
    for frame in (person(360, 640, left=200, side=80), person(side=80)):
        look = matting.look(frame, smoothing=False)
        matting.cut(look, ReplaceOptions(smoothing=False))
        assert asked[-1] == look.parts
    assert asked[0] != [WHOLE] == asked[1]


class Doubting(Counting):
    """Doubts that red of 201 is a person, or that green of 171 is background."""

    def probability(self, frame, size=None):
        doubtful = (frame[..., 0] == RED[0] + 1) | (frame[..., 1] == GREEN[1] + 1)
        return np.where(doubtful, np.float32(0.45), super().probability(frame, size))


@pytest.mark.parametrize("parts", [1, 0])
def test_doubt_is_decided_by_the_colours_nearby(parts):
    frame = person(360, 640, left=200, side=90) if parts else person(side=80)
    top, left = 40, 200 if parts else 60
    frame[top + 20 : top + 60, left + 40 : left + 80, 0] += 1
    frame[top + 20 : top + 60, left + 90 : left + 130, 1] += 1
    matting = Matting(Doubting(), closely=True)
    look = matting.look(frame, smoothing=False)
    assert (look.parts != [WHOLE]) == bool(parts)
    assert look.probability.max() == 1 and (look.probability == np.float32(0.45)).any()
    alpha = matting.cut(look, ReplaceOptions(smoothing=False))
    middle = slice(top + 24, top + 56)
    assert alpha[middle, left + 44 : left + 76].min() > 0.9
    assert alpha[middle, left + 94 : left + 126].max() < 0.1


class Unsure(Counting):
    """Gives what is grey .45."""

    def probability(self, frame, size=None):
        is_grey = np.ptp(frame.astype(int), axis=2) < 10
        return np.where(is_grey, np.float32(0.45), super().probability(frame, size))


@pytest.mark.parametrize("is_small", [True, False])
def test_what_small_people_may_hold_is_kept_sooner(is_small):
    """Nobody and nothing else is grey, so no colour decides."""
    frame = person(360, 640, left=200, side=90) if is_small else person(side=80)
    top, left = 40, 200 if is_small else 60
    frame[top + 20 : top + 60, left + 30 : left + 70] = 120
    matting = Matting(Unsure(), closely=True)
    look = matting.look(frame, smoothing=False)
    assert (look.probability == np.float32(0.45)).any()
    alpha = matting.cut(look, ReplaceOptions(smoothing=False))
    assert (alpha[top + 30 : top + 50, left + 40 : left + 60].mean() > 0.5) == is_small
