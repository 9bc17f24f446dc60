from fractions import Fraction

import numpy as np
import pytest
from clips import make_clip, make_flash, needs_ffprobe, streams_of
from scenes import GREEN, RED, RedSegmenter, person

from segmenter import pipeline
from segmenter.background import Blur, Clip, Colour, Picture, Transparent
from segmenter.errors import InvalidInput, UnreadableImage
from segmenter.images import save_image
from segmenter.pipeline import (
    LiveReplacer,
    Progress,
    ReplaceOptions,
    read_background,
    replace_in_image,
    replace_in_video,
)
from segmenter.video import probe, read_frames

SEGMENTER = RedSegmenter()
BLUE = Colour(20, 30, 220)


def test_the_room_becomes_the_colour_and_the_person_stays():
    result = replace_in_image(person(), BLUE, segmenter=SEGMENTER)
    assert np.abs(result.picture[5, 5].astype(int) - (20, 30, 220)).max() <= 1
    assert np.abs(result.picture[60, 80].astype(int) - RED).max() <= 1
    assert result.alpha.dtype == np.float32 and result.alpha.shape == (120, 160)


def test_without_a_background_it_is_a_straight_cut_out():
    picture = replace_in_image(person(), segmenter=SEGMENTER).picture
    assert picture.shape == (120, 160, 4)
    assert picture[5, 5, 3] == 0 and picture[60, 80, 3] == 255
    # Straight: half-covered pixels show her colour, not the room's.
    soft = (picture[..., 3] > 60) & (picture[..., 3] < 250)
    assert (picture[soft][:, 0] > picture[soft][:, 1]).all()


def test_the_given_frame_is_not_changed():
    frame = person()
    replace_in_image(frame, Blur(), segmenter=SEGMENTER)
    np.testing.assert_array_equal(frame, person())


def test_what_is_no_frame_is_refused():
    with pytest.raises(InvalidInput):
        replace_in_image(person().astype(float), BLUE, segmenter=SEGMENTER)
    with pytest.raises(InvalidInput, match="cat"):
        ReplaceOptions(people="cat")


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


def test_a_clip_plays_and_loops_behind_the_live_person(tmp_path):
    """The clip is black, and white from 1.0 to 1.2 s of its two seconds."""
    replacer = LiveReplacer(SEGMENTER, read_background(str(make_flash(tmp_path / "flash.mp4"))))
    corners = [int(replacer(person(), time_s).picture[5, 5].mean()) for time_s in (0.1, 1.1, 3.1)]
    assert corners[0] < 20 and corners[1] > 235 and corners[2] > 235


class TestReadBackground:
    def test_words(self):
        assert isinstance(read_background("transparent"), Transparent)
        assert isinstance(read_background("blur"), Blur)
        assert isinstance(read_background("blur:12"), Blur)
        colour = read_background("#102030")
        assert colour.at(0, person(), np.ones((120, 160), np.float32))[0, 0].tolist() == [
            16,
            32,
            48,
        ]

    def test_files(self, tmp_path):
        save_image(tmp_path / "wall.png", person())
        assert isinstance(read_background(str(tmp_path / "wall.png"), "tile"), Picture)
        clip = read_background(str(make_clip(tmp_path / "sea.mp4")))
        assert isinstance(clip, Clip)
        clip.close()

    @pytest.mark.parametrize("wrong", ["blur:x", "blur:0", "blur:-2", "red", "#12", ""])
    def test_what_it_can_not_be(self, wrong):
        with pytest.raises(InvalidInput):
            read_background(wrong)

    def test_a_missing_picture(self, tmp_path):
        with pytest.raises(UnreadableImage, match="nowhere"):
            read_background(str(tmp_path / "nowhere.jpg"))


def test_progress_estimates_what_is_left():
    progress = Progress(frames_done=50, frames_expected=200, elapsed_s=2.0)
    assert progress.frame_ms == 40
    assert progress.remaining_s == 6
    assert Progress(3, None, 1.0).remaining_s is None


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

    def test_a_failure_in_the_middle_leaves_nothing(self, tmp_path, monkeypatch):
        calls = []

        def fails_later(*args):
            calls.append(args)
            if len(calls) == 5:
                raise MemoryError("no room")
            return put_before(*args)

        put_before = pipeline.put_before
        monkeypatch.setattr(pipeline, "put_before", fails_later)
        source = make_flash(tmp_path / "in.mp4")
        with pytest.raises(MemoryError):
            list(replace_in_video(source, tmp_path / "out.mp4", BLUE, segmenter=SEGMENTER))
        assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
