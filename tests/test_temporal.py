import cv2
import numpy as np
import pytest
from moving import SIZE, room, with_person

from segmenter.metrics import iou
from segmenter.motion import LONGEST, MotionTracker
from segmenter.temporal import AlphaSteadier, TemporalSmoother


class Steadied:
    """A smoother of values, with the tracker of the frames they come from."""

    def __init__(self, smoother=TemporalSmoother):
        self.track, self.smooth = MotionTracker(), smoother()

    def __call__(self, value, frame):
        return self.smooth(value, self.track(frame))


def flicker(probabilities):
    """Mean change from one frame to the next."""
    return np.abs(np.diff(probabilities, axis=0)).mean()


def test_flicker_of_a_still_scene_falls_by_more_than_half():
    generator = np.random.default_rng(1)
    frame, probability = with_person(80)
    smoother = Steadied()
    noisy, smooth = [], []
    for _ in range(20):
        noise = generator.normal(0, 0.15, SIZE).astype(np.float32)
        noisy.append(np.clip(probability + noise, 0, 1))
        # A camera's own noise must not count as motion.
        grain = generator.normal(0, 5, frame.shape)
        seen = np.clip(frame + grain, 0, 255).astype(np.uint8)
        smooth.append(smoother(noisy[-1], seen))
    assert flicker(smooth[5:]) < 0.5 * flicker(noisy[5:])
    # Steadier, not merely slower: nearer to the truth as well.
    assert (
        np.square(smooth[-1] - probability).mean() < 0.6 * np.square(noisy[-1] - probability).mean()
    )


def test_somebody_who_appears_is_followed_within_one_frame():
    smoother = Steadied()
    for _ in range(10):
        smoother(np.zeros(SIZE, np.float32), room())
    frame, probability = with_person(80)
    first = smoother(probability, frame)
    # Spots of the room as dark as her clothes can't be told from them.
    assert first[probability == 1].mean() > 0.97
    assert first[probability == 0].mean() < 0.01
    second = smoother(probability, frame)
    assert iou(second > 0.5, probability > 0.5) > 0.99


def test_a_person_who_jumps_leaves_no_ghost():
    smoother = Steadied()
    frame, probability = with_person(40)
    for _ in range(10):
        smoother(probability, frame)
    frame, probability = with_person(120)
    first = smoother(probability, frame)
    assert iou(first > 0.5, probability > 0.5) > 0.98
    assert first[45:115, 45:95].mean() < 0.03  # where she was


def test_a_moving_disc_flickers_half_as_much_and_keeps_its_place():
    generator = np.random.default_rng(3)
    scene = cv2.GaussianBlur(generator.integers(0, 255, (*SIZE, 3), np.uint8), (0, 0), 4) * 1.0
    scene = np.clip(128 + 6 * (scene - scene.mean()), 0, 255).astype(np.uint8)
    row, column = np.mgrid[: SIZE[0], : SIZE[1]]
    smoother, noisy, smooth, truths = Steadied(), [], [], []
    for step in range(30):
        truth = np.hypot(row - 72, column - 80 - 2 * step) < 40
        frame = scene.copy()
        dots = (row // 6 + (column - 2 * step) // 6) % 2  # on her clothes, and moving with them
        frame[truth] = np.stack([40 + 60 * dots, 90 - 40 * dots, 200 - 50 * dots], 2)[truth]
        doubt = cv2.GaussianBlur(generator.normal(0, 2, SIZE).astype(np.float32), (0, 0), 4)
        noisy.append(np.clip(np.float32(truth) * 0.8 + 0.1 + doubt, 0, 1))
        smooth.append(smoother(noisy[-1], frame))
        truths.append(truth)
    still = np.array(truths[6:]) == np.array(truths[5:-1])

    def change(clip):
        return np.abs(np.diff(clip[5:], axis=0))[still].mean()

    assert change(smooth) < 0.5 * change(noisy)
    overlaps = [
        [iou(p > 0.5, t) for p, t in zip(clip, truths, strict=True)] for clip in (noisy, smooth)
    ]
    assert np.mean(overlaps[1]) > np.mean(overlaps[0]) - 0.003


def test_memory_follows_a_camera_that_pans_over_a_still_scene():
    generator = np.random.default_rng(4)
    noise = generator.integers(0, 255, (SIZE[0], 2 * SIZE[1], 3), np.uint8)
    scene = cv2.GaussianBlur(noise, (0, 0), 4).astype(np.float32)
    scene = np.clip(128 + 6 * (scene - scene.mean()), 0, 255).astype(np.uint8)
    person = np.zeros(scene.shape[:2], np.float32)
    person[40:120, 150:210] = 1
    smoother = Steadied()
    for left in range(0, 60, 3):
        view = np.ascontiguousarray(person[:, left : left + SIZE[1]])
        frame = np.ascontiguousarray(scene[:, left : left + SIZE[1]])
        # In the last frame the network finds nobody.
        smooth = smoother(view if left < 57 else np.zeros(SIZE, np.float32), frame)
    inner, outer = cv2.erode(view, np.ones((9, 9))) == 1, cv2.dilate(view, np.ones((9, 9))) == 0
    assert smooth[inner].mean() > 0.7  # held, where she is now
    assert smooth[outer].mean() < 0.01


def test_a_slow_walk_is_followed():
    smoother = Steadied()
    for left in range(40, 100):
        frame, probability = with_person(left)
        smooth = smoother(probability, frame)
    missed = np.abs(smooth - probability) > 0.5
    assert missed.sum() <= 80  # at most one column of her


def test_a_slow_fade_adds_up_to_motion():
    smoother = Steadied()
    frame, probability = with_person(80)
    for step in range(30):
        faded = frame.copy()
        faded[40:120, 80:140] += np.uint8(5 * step)
        smooth = smoother(probability if step < 29 else np.zeros(SIZE, np.float32), faded)
    # Five levels a frame are within what counts as a match, yet she is not held for long.
    assert smooth[50:110, 90:130].max() < 0.5


def test_a_cut_resets():
    smoother = Steadied()
    frame, probability = with_person(80)
    for _ in range(5):
        smoother(probability, frame)
    # Half of the new scene has just the old colours, as when a shot changes behind a title.
    cut = 255 - frame
    cut[:, :128] = frame[:, :128]
    nobody = np.zeros(SIZE, np.float32)
    assert (smoother(nobody, cut) == nobody).all()


def test_the_same_scene_without_a_cut_does_remember():
    smoother = Steadied()
    frame, probability = with_person(80)
    for agreed in range(1, 7):
        smoother.track.reset()
        for _ in range(agreed):
            smoother(probability, frame)
        held = smoother(np.zeros(SIZE, np.float32), frame)
        # As a mean of all frames would, until the oldest are forgotten.
        weight = min(agreed, LONGEST)
        assert held[80, 110] == pytest.approx(weight / (weight + 1), abs=0.001)


@pytest.mark.parametrize(("change", "kept"), [(0.15, 0.8), (0.4, 0.4), (0.6, 0.0), (1.0, 0.0)])
def test_of_an_alpha_small_changes_are_damped_and_large_ones_followed(change, kept):
    smoother = Steadied(AlphaSteadier)
    for _ in range(8):
        smoother(np.full(SIZE, 1, np.float32), room())
    after = smoother(np.full(SIZE, 1 - change, np.float32), room())
    assert after[80, 110] == pytest.approx(1 - change + kept * change, abs=0.01)


def test_an_alpha_is_held_where_nothing_nearby_moves_and_leaves_no_trail_where_somebody_does():
    smoother = Steadied(AlphaSteadier)
    for left in range(20, 100, 2):
        frame, probability = with_person(left, np.maximum(room(), 120))
        alpha = cv2.GaussianBlur(probability, (0, 0), 2)
        alpha[30:60, 200:230] = 0.3 if left % 4 else 0.4  # shimmer, far from her
        smooth = smoother(alpha, frame)
    error = np.abs(smooth - alpha)
    assert error[:, :170].max() < 0.05
    assert np.abs(smooth[30:60, 200:230] - 0.35).max() < 0.02


def test_another_size_resets():
    smoother = Steadied()
    frame, probability = with_person(80)
    smoother(probability, frame)
    small = np.zeros((100, 50), np.float32)
    assert (smoother(small, np.zeros((100, 50, 3), np.uint8)) == small).all()


def test_reset_forgets():
    smoother = Steadied()
    frame, probability = with_person(80)
    smoother(probability, frame)
    smoother.track.reset()
    assert (smoother(np.zeros(SIZE, np.float32), frame) == 0).all()


def test_what_is_given_is_not_changed():
    smoother = Steadied()
    frame, probability = with_person(80)
    kept_frame, kept_probability = frame.copy(), probability.copy()
    for _ in range(3):
        smooth = smoother(probability, frame)
    assert smooth is not probability
    assert (frame == kept_frame).all()
    assert (probability == kept_probability).all()


def test_result_stays_a_probability():
    generator = np.random.default_rng(2)
    smoother = Steadied()
    for _ in range(50):
        smooth = smoother(generator.random(SIZE, np.float32).round(), room())
        assert smooth.dtype == np.float32
        assert smooth.min() >= 0
        assert smooth.max() <= 1


def test_a_probability_smaller_than_its_frame_is_steadied_as_well():
    frame, probability = with_person(80)
    half = cv2.resize(probability, (128, 72), interpolation=cv2.INTER_AREA)
    smoother = Steadied()
    for _ in range(3):
        smoother(half, frame)
    held = smoother(np.zeros_like(half), frame)
    assert held.shape == (72, 128)
    assert held[40, 55] == pytest.approx(3 / 4, abs=0.01) and held[40, 5] == 0


def test_one_motion_serves_several_smoothers():
    frame, probability = with_person(80)
    track, first, second = MotionTracker(), TemporalSmoother(), TemporalSmoother()
    for _ in range(3):
        motion = track(frame)
        np.testing.assert_array_equal(first(probability, motion), second(probability, motion))
    motion = track(frame)
    nobody = np.zeros(SIZE, np.float32)
    np.testing.assert_array_equal(first(nobody, motion), second(nobody, motion))
