import math
from fractions import Fraction

import numpy as np
import pytest
from clips import ffmpeg, make_clip, make_unsteady

from segmenter.errors import UnreadableVideo
from segmenter.video import probe
from segmenter.video.rates import as_rounded, constant_rate, exact_rate, typical_rate


@pytest.mark.parametrize("ending", [".mp4", ".webm", ".ts", ".avi"])
@pytest.mark.parametrize("rate", ["30000/1001", "24000/1001", "60000/1001", "25", "60"])
def test_rate_and_count_are_exact(tmp_path, rate, ending):
    clip = make_clip(tmp_path / f"clip{ending}", rate=rate, seconds=2)
    info = probe(clip)
    assert info.frame_rate == Fraction(rate)
    # ffmpeg writes every frame that starts within the two seconds.
    assert info.frame_count == -(-2 * Fraction(rate).numerator // Fraction(rate).denominator)
    assert info.duration == info.frame_count / info.frame_rate
    assert info.has_sound


def test_a_rate_of_exactly_29_97_is_not_taken_for_30000_1001(tmp_path):
    info = probe(make_clip(tmp_path / "clip.mp4", rate="2997/100", seconds=2))
    assert info.frame_rate == Fraction(2997, 100)


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "60000/1001", "25", "120"])
def test_a_recording_moved_from_matroska_keeps_its_rate(tmp_path, rate):
    """Its times stay whole milliseconds, though MP4 counts in sixteenths of them."""
    options = "-c:v libx264 -preset ultrafast -g 24"
    recorded = make_clip(tmp_path / "a.mkv", rate=rate, seconds=2, sound=None, options=options)
    ffmpeg("-i", recorded, "-c copy", tmp_path / "b.mp4")
    info = probe(tmp_path / "b.mp4")
    assert (info.frame_rate, info.frame_count) == (Fraction(rate), probe(recorded).frame_count)


def test_silent_clip_of_one_frame(tmp_path):
    info = probe(make_clip(tmp_path / "clip.mp4", rate="25", seconds=0.04, sound=None))
    assert (info.frame_count, info.frame_rate, info.has_sound) == (1, 25, False)


def test_browser_recording_without_duration_or_steady_rate(tmp_path):
    made = make_unsteady(tmp_path / "unsteady.webm")
    # Written to a pipe, WebM has neither duration nor index, as from MediaRecorder.
    live = tmp_path / "live.webm"
    live.write_bytes(ffmpeg("-i", made, "-c copy -f webm -live 1 -"))
    info = probe(live)
    assert (info.frame_rate, info.has_sound) == (30, True)
    assert abs(info.duration - 3) < Fraction(1, 30)


def test_rotation_swaps_the_sides(tmp_path):
    plain = make_clip(tmp_path / "plain.mp4", size=(160, 96))
    for degrees, size in ((90, (96, 160)), (180, (160, 96)), (270, (96, 160))):
        turned = tmp_path / f"turned{degrees}.mp4"
        ffmpeg(f"-display_rotation {degrees} -i", plain, "-c", "copy", turned)
        info = probe(turned)
        assert (info.width, info.height) == size


def test_wide_pixels_become_square(tmp_path):
    info = probe(make_clip(tmp_path / "clip.mkv", "testsrc2,setsar=4/3", size=(180, 144)))
    assert (info.width, info.height) == (240, 144)


def test_pictures_that_start_after_the_sound(tmp_path):
    plain = make_clip(tmp_path / "plain.mp4")
    late = tmp_path / "late.mp4"
    ffmpeg("-itsoffset 0.5 -i", plain, "-i", plain, "-map 0:v -map 1:a -c copy", late)
    assert probe(plain).delay == 0
    assert abs(probe(late).delay - Fraction(1, 2)) < Fraction(1, 1000)


def test_names_that_ffmpeg_would_misread(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4")
    for name in ("http:x.mp4", "-y.mp4", "50%03d [x]'s.mp4"):
        assert probe(clip.rename(tmp_path / name)).width == 160
        (tmp_path / name).rename(clip)


def truncated(path, clip):
    path.write_bytes(clip.read_bytes()[:3000])


def sound_with_cover(path, clip):
    cover = path.with_name("cover.png")
    ffmpeg("-i", clip, "-frames:v 1", cover)
    maps = "-map 0:a -map 1:v -c:a copy -c:v png -disposition:v attached_pic"
    ffmpeg("-i", clip, "-i", cover, maps, path)


BAD = {
    "missing.mp4": (None, "No such file"),
    "empty.mp4": (lambda path, clip: path.touch(), "is empty"),
    "folder.mp4": (lambda path, clip: path.mkdir(), "is a folder"),
    "text.mp4": (lambda path, clip: path.write_text("hello\n" * 99), "not a video"),
    "text.txt": (lambda path, clip: path.write_text("hello\n" * 99), "not a video"),
    "noise.webm": (lambda path, clip: path.write_bytes(bytes(range(256)) * 40), "not a video"),
    "picture.png": (lambda path, clip: ffmpeg("-i", clip, "-frames:v 1", path), "not a video"),
    "cut.mp4": (truncated, "cut short"),
    "sound.mp4": (lambda path, clip: ffmpeg("-i", clip, "-vn", "-c", "copy", path), "no video"),
    "cover.m4a": (sound_with_cover, "no video"),
    "huge.mkv": (
        lambda path, clip: ffmpeg("-f lavfi -i color=s=9000x16 -t 0.1 -c:v ffv1", path),
        "9000x16 pixels",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_one_clear_sentence(tmp_path, name):
    make, words = BAD[name]
    if make:
        make(tmp_path / name, make_clip(tmp_path / "good.mp4"))
    with pytest.raises(UnreadableVideo, match=words) as caught:
        probe(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "script", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile '{}'\n"]
)
def test_a_playlist_can_not_make_us_open_another_file(tmp_path, script):
    clip = make_clip(tmp_path / "secret.ts")
    for name in ("list.m3u8", "list.mp4", "list.ts"):
        (tmp_path / name).write_text(script.format(clip.name))
        with pytest.raises(UnreadableVideo):
            probe(tmp_path / name)


@pytest.mark.parametrize(
    "rate", ["24000/1001", "30000/1001", "30", "60000/1001", "60", "120", "25/2", "7", "143/10"]
)
@pytest.mark.parametrize("rounding", [round, math.floor])
def test_rate_behind_rounded_milliseconds(rate, rounding):
    ticks = [rounding(1000 * index / Fraction(rate)) for index in range(900)]
    assert constant_rate(np.array(ticks), Fraction(1, 1000), []) == Fraction(rate)


def test_milliseconds_in_finer_units():
    ticks = np.array([160, 160 + 33 * 16, 160 + 67 * 16])
    rounded, unit = as_rounded(ticks, Fraction(1, 16000))
    assert (rounded.tolist(), unit) == ([0, 33, 67], Fraction(1, 1000))
    finer = ticks + np.array([0, 1, 0])
    for given, unit in ((finer, Fraction(1, 16000)), (1001 * np.arange(9), Fraction(1, 30000))):
        kept, kept_unit = as_rounded(given, unit)
        assert (kept.tolist(), kept_unit) == (given.tolist(), unit)


def test_the_printed_rate_settles_what_few_frames_leave_open():
    ticks = np.array([0, 33, 67])
    for hint in (Fraction(30), Fraction(30000, 1001)):
        assert constant_rate(ticks, Fraction(1, 1000), [hint]) == hint


def test_lost_frames_make_a_rate_vary_around_the_true_one():
    kept = [index for index in range(300) if index % 10 not in (3, 4, 7)]
    ticks = 1001 * np.array(kept)
    assert constant_rate(ticks, Fraction(1, 30000), []) is None


def test_frames_that_are_all_of_one_time_have_the_rate_that_ffmpeg_says():
    ticks = np.zeros(50, np.int64)
    assert constant_rate(ticks, Fraction(1, 1000), [Fraction(30)]) is None
    assert typical_rate(ticks, Fraction(1, 1000), [Fraction(30)]) == 30
    hints = [exact_rate(29.97)]
    assert typical_rate(ticks, Fraction(1, 30000), hints) == Fraction(30000, 1001)


def test_printed_rates():
    assert exact_rate(29.97) == Fraction(30000, 1001)
    assert exact_rate(23.98) == Fraction(24000, 1001)
    assert exact_rate(59.94) == Fraction(60000, 1001)
    assert exact_rate(12.5) == Fraction(25, 2)
    assert exact_rate(30.0) == 30


@pytest.mark.parametrize("rate", [120, 240])
@pytest.mark.parametrize("tick", [Fraction(1, 15360), Fraction(1, 1000)])
def test_slow_motion_that_lost_a_frame_keeps_its_rate(rate, tick):
    places = [round(Fraction(index, rate) / tick) for index in range(480) if index != 77]
    ticks = np.array(places)
    assert constant_rate(ticks, tick, []) is None
    assert typical_rate(ticks, tick, [Fraction(rate)]) == rate


def test_bursts_do_not_make_a_recording_fast():
    """A screen's recorder that now and then stores two frames at once."""
    ticks = np.cumsum(np.tile([50, 50, 8, 42], 30))
    assert typical_rate(ticks, Fraction(1, 1000), [Fraction(120)]) <= 30


@pytest.mark.parametrize(("measured", "expected"), [(17.3, 18), (14.9, 15), (30.9, 30), (33, 33)])
def test_few_frames_of_an_unsteady_recording_are_left_out(measured, expected):
    noise = np.random.default_rng(2).uniform(-0.2, 0.2, 300)
    ticks = np.sort(np.rint(1000 * (np.arange(300) + noise) / measured).astype(np.int64))
    assert typical_rate(ticks, Fraction(1, 1000), []) == expected
