from fractions import Fraction

import cv2
import numpy as np
import pytest
from clips import ffmpeg, make_clip, make_flash, needs_ffprobe, streams_of
from scenes import GREEN, RedSegmenter, person

from segmenter import stream
from segmenter.background import Background, Colour, Transparent
from segmenter.closeup.pace import JUDGED, FixedPace
from segmenter.errors import InvalidInput
from segmenter.metrics import flicker
from segmenter.pipeline import Replacement, ReplaceOptions, read_background
from segmenter.refine import VIDEO, RefineOptions, refine
from segmenter.stream import LiveReplacer, Progress, mattes_of_frames, pictures_of, replace_in_video
from segmenter.video import VideoInfo, probe, read_frames

SEGMENTER = RedSegmenter()
BLUE = Colour(20, 30, 220)


def test_live_follows_and_takes_new_choices():
    replacer = LiveReplacer(SEGMENTER, BLUE)
    first = replacer(person(left=20), 0.0).picture
    second = replacer(person(left=100), 0.04).picture
    assert first[60, 40, 0] > 150 and first[60, 120, 2] > 150
    assert second[60, 120, 0] > 150 and second[60, 40, 2] > 150, "the mask lags behind"
    replacer.update(background=Colour(250, 250, 0))
    assert replacer(person(left=100), 0.08).picture[60, 40, 2] < 10
    replacer.update(background=Transparent())
    assert replacer(person(left=100), 0.12).picture.shape[2] == 4


def test_a_frame_may_begin_before_the_one_before_is_finished():
    generator = np.random.default_rng(5)
    frames = [
        np.clip(person(left=left) + generator.normal(0, 5, (120, 160, 3)), 0, 255).astype(np.uint8)
        for left in (20, 24, 28, 90, 94)
    ]
    alone, ahead = LiveReplacer(SEGMENTER, BLUE), LiveReplacer(SEGMENTER, BLUE)
    expected = [alone(frame, 0.0).picture for frame in frames]
    finish, found = ahead.begin(frames[0], 0.0), []
    for frame in frames[1:]:
        following = ahead.begin(frame, 0.0)
        found.append(finish().picture)
        finish = following
    np.testing.assert_array_equal([*found, finish().picture], expected)


def test_a_frame_keeps_what_was_chosen_when_it_began():
    replacer = LiveReplacer(SEGMENTER, BLUE)
    finish = replacer.begin(person(), 0.0)
    replacer.update(Transparent(), ReplaceOptions(smoothing=False))
    assert finish().picture.shape[2] == 3
    assert replacer(person(), 0.1).picture.shape[2] == 4


def test_a_graphics_card_does_all_at_the_beginning(monkeypatch):
    class Card:
        """Replaces one frame, and then fails."""

        def __init__(self):
            self.results = [Replacement(person(), np.ones((120, 160), np.float32)), None]

        def try_one(self, frame, background, options, time_s):
            return self.results.pop(0)

    card = Card()
    monkeypatch.setattr(stream, "card_for_live", lambda segmenter: card)
    replacer, done = LiveReplacer(SEGMENTER, BLUE), card.results[0]
    finishes = [replacer.begin(person(), 0.0), replacer.begin(person(), 0.1)]
    assert not card.results
    assert finishes[0]() is done
    assert finishes[1]().picture[5, 5, 2] > 150, "the CPU does not go on"


def test_a_clip_plays_and_loops_behind_the_live_person(tmp_path):
    """The clip is black, and white from 1.0 to 1.2 s of its two seconds."""
    replacer = LiveReplacer(SEGMENTER, read_background(str(make_flash(tmp_path / "flash.mp4"))))
    corners = [int(replacer(person(), time_s).picture[5, 5].mean()) for time_s in (0.1, 1.1, 3.1)]
    assert corners[0] < 20 and corners[1] > 235 and corners[2] > 235


def test_nobody_is_chosen_by_a_click_where_people_move():
    clicked, replacer = ReplaceOptions(people="clicked", point=(0.5, 0.5)), LiveReplacer(SEGMENTER)
    with pytest.raises(InvalidInput, match="works for photos"):
        replacer.update(options=clicked)
    with pytest.raises(InvalidInput, match="works for photos"):
        LiveReplacer(SEGMENTER, BLUE, clicked)


class Asked(RedSegmenter):
    """Remembers at what sizes it was asked to look, and how large the frames were."""

    photo_size, live_size = 96, 64

    def __init__(self):
        self.sizes, self.shapes = [], []

    def probability(self, frame, size=None):
        self.sizes.append(size)
        self.shapes.append(frame.shape)
        return super().probability(frame, size)


def test_choices_that_can_not_be_used_leave_all_as_it_was():
    replacer = LiveReplacer(RedSegmenter(), Colour(20, 30, 220))
    before = replacer(person(), 0)
    nobody_else = ReplaceOptions(refine=RefineOptions(shift_px=-15))
    clicked = ReplaceOptions(people="clicked", point=(0.5, 0.5))
    for wrong in (("#fff", nobody_else), (Colour(0, 0, 0), clicked), (None, {"people": "largest"})):
        with pytest.raises(InvalidInput):
            replacer.update(*wrong)
    np.testing.assert_array_equal(replacer(person(), 1).picture, before.picture)


def test_a_video_is_looked_at_more_closely_than_a_camera():
    asked = Asked()
    frame = person(540, 960, side=500)
    list(mattes_of_frames([frame], asked))
    LiveReplacer(asked, BLUE)(frame, 0.0)
    LiveReplacer(asked, BLUE, closely=True)(frame, 0.0)
    assert asked.sizes == [96, 64, 96]
    # Halved first, but for a video not below 1.5 times what is studied of it.
    assert asked.shapes == [(540, 960, 3), (270, 480, 3), (540, 960, 3)]


def test_a_camera_is_looked_at_more_finely_while_there_is_time(monkeypatch):
    monkeypatch.setattr("segmenter.closeup.pace.SETTLING_S", 0)
    monkeypatch.setattr("segmenter.closeup.pace.PLENTY_S", 1000)
    asked = Asked()
    replacer = LiveReplacer(asked, BLUE, ReplaceOptions(smoothing=False))

    def sizes_of(too_long_s):
        asked.sizes.clear()
        monkeypatch.setattr("segmenter.closeup.pace.TOO_LONG_S", too_long_s)
        for number in range(2 * JUDGED):
            replacer(person(180, 320, side=160), number / 30)
        return asked.sizes

    assert sizes_of(1000) == [64] * JUDGED + [77] * JUDGED
    assert sizes_of(0) == [77] + [64] * (2 * JUDGED - 1)


@pytest.mark.parametrize(("has_time", "size"), [(False, 64), (True, 77)])
def test_a_fixed_pace_does_not_try(has_time, size, monkeypatch):
    monkeypatch.setattr("segmenter.closeup.pace.SETTLING_S", 0)
    asked = Asked()
    replacer = LiveReplacer(asked, BLUE, pace=FixedPace(has_time))
    for number in range(2 * JUDGED):
        replacer(person(180, 320, left=number, side=160), number / 30)
    assert set(asked.sizes) == {size}


def test_progress_estimates_what_is_left():
    progress = Progress(frames_done=50, frames_expected=200, elapsed_s=2.0)
    assert progress.frame_ms == 40
    assert progress.remaining_s == 6
    assert Progress(frames_done=201, frames_expected=200, elapsed_s=2.0).remaining_s == 0


class Unmoved(RedSegmenter):
    """Always sees the same soft square, in a part of the frame too, whatever the camera's noise."""

    def probability(self, frame, size=None):
        return cv2.GaussianBlur(super().probability(frame), (0, 0), 4)


def test_noise_in_the_picture_does_not_make_edges_shimmer():
    """Refinement follows colours, and so their noise; steadying the alpha takes that out again."""
    generator = np.random.default_rng(3)
    noise = generator.normal(0, 5, (12, *person().shape))
    frames = [np.clip(person() + part, 0, 255).astype(np.uint8) for part in noise]
    steadied = np.array(list(mattes_of_frames(frames, Unmoved())))
    alone = np.array(
        [refine(Unmoved().probability(frame), frame, detail=VIDEO) for frame in frames]
    )
    still = np.zeros(alone.shape, np.float32)
    assert flicker(steadied[4:], still[4:]) < 0.75 * flicker(alone[4:], still[4:])


class Clock(Background):
    """Is as bright as the frame's number in a video of 25 frames a second."""

    def at(self, time, frame, alpha):
        return np.full_like(frame, round(time * 25))


def test_a_part_begins_after_what_is_only_looked_at():
    info = VideoInfo(160, 120, Fraction(25), 60, Fraction(3))
    frames = (person() for _ in range(10))
    options = ReplaceOptions()
    shown = pictures_of(frames, info, Clock(), SEGMENTER, options, first=30, skip=4)
    assert [one.picture[0, 0, 0] for one in shown] == [34, 35, 36, 37, 38, 39]


class TestVideo:
    @needs_ffprobe
    def test_rate_frames_size_and_sound_stay(self, tmp_path):
        source = make_clip(tmp_path / "in.mp4", seconds=2)
        target = tmp_path / "out.mp4"
        steps = list(replace_in_video(source, target, BLUE, segmenter=SEGMENTER))
        before, after = streams_of(source), streams_of(target)
        assert after["video"]["r_frame_rate"] == "30000/1001"
        assert len(steps) == int(after["video"]["nb_read_packets"])
        assert after["video"]["nb_read_packets"] == before["video"]["nb_read_packets"]
        assert after["video"]["width"] == 160 and after["video"]["height"] == 120
        assert float(after["audio"]["duration"]) == pytest.approx(
            float(before["audio"]["duration"]), abs=0.05
        )
        assert steps[-1].frames_done == steps[-1].frames_expected

    def test_pixels(self, tmp_path):
        source = make_clip(tmp_path / "in.mp4", f"color=c=#{bytes(GREEN).hex()}", sound=None)
        for _ in replace_in_video(source, tmp_path / "out.mp4", BLUE, segmenter=SEGMENTER):
            pass
        middle = list(read_frames(tmp_path / "out.mp4"))[10][60, 80].astype(int)
        assert np.abs(middle - (20, 30, 220)).max() < 8

    @pytest.mark.parametrize("ending", [".webm", ".mov"])
    def test_without_a_background_it_keeps_transparency(self, tmp_path, ending):
        source = make_clip(tmp_path / "in.mp4", "color=c=red", sound=None, seconds=0.5)
        target = tmp_path / f"out{ending}"
        for _ in replace_in_video(source, target, segmenter=SEGMENTER):
            pass
        assert probe(target).frame_rate == Fraction(30000, 1001)

    @pytest.mark.parametrize("ending", [".webm", ".mov"])
    def test_a_cut_out_holds_nothing_of_the_room(self, tmp_path, ending):
        person = "drawbox=x=60:y=40:w=40:h=60:c=#c82828:t=fill"
        paint = f"color=c=#{bytes(GREEN).hex()},{person}"
        source = make_clip(tmp_path / "in.mp4", paint, sound=None, seconds=0.5)
        target = tmp_path / f"out{ending}"
        for _ in replace_in_video(source, target, segmenter=SEGMENTER):
            pass
        shown = ffmpeg("-i", target, "-f rawvideo -pix_fmt rgb24 -")  # without the alpha
        red, green, _ = np.frombuffer(shown, np.uint8).reshape(-1, 3).astype(int).T
        assert len(red) == 15 * 160 * 120
        assert (red - green).min() > 50

    def test_mp4_can_not_be_transparent(self, tmp_path):
        source = make_clip(tmp_path / "in.mp4", sound=None)
        with pytest.raises(InvalidInput, match=r"\.webm"):
            list(replace_in_video(source, tmp_path / "out.mp4", segmenter=SEGMENTER))

    def test_cancelling_leaves_nothing(self, tmp_path):
        source = make_flash(tmp_path / "in.mp4")
        steps = replace_in_video(source, tmp_path / "out.mp4", BLUE, segmenter=SEGMENTER)
        next(steps)
        next(steps)
        steps.close()
        assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]

    @pytest.mark.parametrize("smoothing", [True, False])
    def test_overlapping_changes_no_pixel(self, tmp_path, monkeypatch, smoothing):
        """The same frames one by one through the live replacer, which has no threads."""
        source = make_clip(tmp_path / "in.mp4", sound=None)
        clip, written = str(make_flash(tmp_path / "flash.mp4")), []
        monkeypatch.setattr(stream.VideoWriter, "write", lambda self, frame: written.append(frame))
        monkeypatch.setattr(stream.VideoWriter, "_finish", lambda self: None)
        options = ReplaceOptions(smoothing=smoothing)
        arguments = {"segmenter": ColourfulSegmenter(), "options": options}
        steps = replace_in_video(source, tmp_path / "o.mp4", read_background(clip), **arguments)
        assert len(list(steps)) == len(written) == 30
        segmenter, background = ColourfulSegmenter(), read_background(clip)
        replacer = LiveReplacer(segmenter, background, options, closely=True)
        for index, frame in enumerate(read_frames(source)):
            expected = replacer(frame, index * 1001 / 30000).picture
            np.testing.assert_array_equal(written[index], expected)


class ColourfulSegmenter(RedSegmenter):
    """Is in doubt everywhere, and differently in every frame."""

    def probability(self, frame, size=None):
        return frame[..., 0].astype(np.float32) / 255


def test_no_result_overwrites_the_clip_behind(tmp_path):
    source, behind = make_clip(tmp_path / "in.mp4"), make_flash(tmp_path / "sea.mp4")
    before = behind.read_bytes()
    (tmp_path / "link.mp4").symlink_to(behind)
    for target in (behind, tmp_path / "link.mp4"):
        steps = replace_in_video(source, target, read_background(behind), segmenter=SEGMENTER)
        with pytest.raises(InvalidInput, match="is the background itself"):
            next(steps)
    assert behind.read_bytes() == before
