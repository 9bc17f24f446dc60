import os
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clips import (
    duration_of,
    ffmpeg,
    flash_and_beep,
    grey_number,
    make_clip,
    make_flash,
    make_numbered,
    needs_ffprobe,
    streams_of,
)

from segmenter.errors import InvalidInput, OutputFailed
from segmenter.video import VideoInfo, VideoWriter, formats, probe, process, read_frames

INFO = VideoInfo(64, 48, Fraction(30000, 1001), 1, None)
ENDINGS = (".mp4", ".webm", ".mov")


def copy(source: Path, target: Path) -> Path:
    """Write every frame of `source` and its sound."""
    with VideoWriter(target, probe(source), sound_from=source) as file:
        for frame in read_frames(source):
            file.write(frame)
    return target


def flat(colour, width=64, height=48):
    return np.full((height, width, len(colour)), colour, np.uint8)


@needs_ffprobe
@pytest.mark.parametrize("ending", ENDINGS)
def test_rate_count_size_and_sound(tmp_path, ending):
    source = make_clip(tmp_path / "source.mp4", seconds=2)
    target = copy(source, tmp_path / f"target{ending}")
    streams = streams_of(target)
    video, sound = streams["video"], streams["audio"]
    codecs = {".mp4": ("h264", "aac"), ".webm": ("vp9", "opus"), ".mov": ("prores", "aac")}
    assert (video["codec_name"], sound["codec_name"]) == codecs[ending]
    assert (video["width"], video["height"]) == (160, 120)
    assert video["avg_frame_rate"] == video["r_frame_rate"] == "30000/1001"
    assert int(video["nb_read_packets"]) == 60
    assert abs(duration_of(target) - duration_of(source)) < 1001 / 30000
    assert [video[f"color_{part}"] for part in ("space", "primaries", "transfer")] == ["bt709"] * 3


@needs_ffprobe
@pytest.mark.parametrize("rate", ["24000/1001", "25", "60", "60000/1001", "2997/100"])
@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_rate_is_kept_exactly(tmp_path, rate, ending):
    info = VideoInfo(64, 48, Fraction(rate), 1, None)
    with VideoWriter(tmp_path / f"target{ending}", info) as file:
        for level in range(20):
            file.write(flat((level, level, level)))
    assert (
        Fraction(streams_of(tmp_path / f"target{ending}")["video"]["avg_frame_rate"])
        == info.frame_rate
    )
    assert probe(tmp_path / f"target{ending}").frame_rate == info.frame_rate


@pytest.mark.parametrize("ending", ENDINGS)
def test_frames_keep_their_order(tmp_path, ending):
    source = make_numbered(tmp_path / "source.mp4")
    target = copy(source, tmp_path / f"target{ending}")
    assert [grey_number(frame) for frame in read_frames(target)] == list(range(30))


def test_mp4_starts_with_its_index(tmp_path):
    data = copy(make_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def packets(path):
    """Every sound packet's size and checksum."""
    listed = ffmpeg("-i", path, "-map 0:a -c copy -f framecrc -").decode().splitlines()
    return [line.split(",")[4:6] for line in listed if line[0] != "#"]


@pytest.mark.parametrize(("source", "target"), [("a.mp4", "b.mp4"), ("a.webm", "b.webm")])
def test_sound_is_copied_bit_for_bit_where_the_format_takes_it(tmp_path, source, target):
    source = make_clip(tmp_path / source)
    assert packets(copy(source, tmp_path / target)) == packets(source)


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_s16be", "pcm_s24le"])
def test_sound_that_is_stored_plainly_stays_so_in_mov(tmp_path, codec):
    source = make_clip(tmp_path / "a.mov", options=f"-c:a {codec}")
    stored, written = (
        ffmpeg("-i", path, "-map 0:a -f s24le -")
        for path in (source, copy(source, tmp_path / "b.mov"))
    )
    assert len(stored) >= 3 * 47_000 and written == stored


def test_sound_damaged_nearly_everywhere_costs_no_picture(tmp_path):
    whole = make_clip(tmp_path / "whole.mkv", options="-c:a flac")
    broken = tmp_path / "broken.mkv"
    ffmpeg("-i", whole, "-c copy -bsf:a noise=amount=2", broken)
    for ending in ENDINGS:
        assert len(list(read_frames(copy(broken, tmp_path / f"b{ending}")))) == 30


@needs_ffprobe
@pytest.mark.parametrize("source", ["a.webm", "a.mov"])
def test_other_sound_becomes_aac_in_mp4(tmp_path, source):
    target = copy(make_clip(tmp_path / source), tmp_path / "b.mp4")
    assert streams_of(target)["audio"]["codec_name"] == "aac"


@needs_ffprobe
def test_mp3_of_too_few_samples_for_mp4_becomes_aac(tmp_path):
    options = "-c:a libmp3lame -ar 11025"
    source = make_clip(tmp_path / "a.avi", sound="sine=f=440:r=44100", options=options)
    target = copy(source, tmp_path / "b.mp4")
    sound = streams_of(target)["audio"]
    assert (sound["codec_name"], sound["sample_rate"]) == ("aac", "11025")
    assert streams_of(copy(source, tmp_path / "b.mov"))["audio"]["codec_name"] == "mp3"


@needs_ffprobe
@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_a_broadcast_whose_sound_is_damaged(tmp_path, ending):
    """Of 2 seconds some sound is lost, and no picture."""
    clip = make_clip(tmp_path / "a.ts", seconds=2)
    parts = np.frombuffer(bytearray(clip.read_bytes()), np.uint8).reshape(-1, 188)
    is_sound = (parts[:, 1] & 0x1F == 1) & (parts[:, 2] == 1)  # packets of the second stream
    parts[np.flatnonzero(is_sound)[20:40], 100:] ^= 0x55
    clip.write_bytes(parts.tobytes())
    target = copy(clip, tmp_path / f"b{ending}")
    assert int(streams_of(target)["video"]["nb_read_packets"]) == 60
    heard = np.frombuffer(ffmpeg("-i", target, "-vn -ac 1 -ar 8000 -f s16le -"), "<i2").astype(int)
    assert abs(heard[:4000]).mean() > 500 and abs(heard[-4000:]).mean() > 500


LAYOUTS = {
    "5.1(side)": "5.1", "4.0": "5.0", "2.1": "stereo", "mono": "mono", "stereo": "stereo",
}  # fmt: skip


@needs_ffprobe
@pytest.mark.parametrize("layout", LAYOUTS)
def test_opus_gets_the_nearest_layout_that_it_has(tmp_path, layout):
    sound = f"sine=f=440:r=48000,aformat=channel_layouts={layout}"
    source = make_clip(tmp_path / "a.mkv", sound=sound, seconds=0.3, options="-c:a pcm_s16le")
    target = copy(source, tmp_path / "b.webm")
    assert streams_of(target)["audio"]["channel_layout"] == LAYOUTS[layout]


@needs_ffprobe
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_recorder_s_sixteen_channels(tmp_path, ending):
    sound = "sine=f=440:r=48000,aformat=channel_layouts=hexadecagonal"
    source = make_clip(tmp_path / "a.mkv", sound=sound, seconds=0.3, options="-c:a pcm_s16le")
    assert streams_of(copy(source, tmp_path / f"b{ending}"))["audio"]["channels"] >= 1


@needs_ffprobe
@pytest.mark.parametrize("codec", ["libopus", "pcm_s16le"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_gap_in_the_sound_stays(tmp_path, ending, codec):
    """Of 3 seconds the second one has no sound."""
    plain = make_clip(tmp_path / "plain.mkv", seconds=3, options=f"-c:a {codec}")
    ffmpeg("-i", plain, "-c copy -bsf:a noise=drop=between(pts*tb\\,1\\,2)", tmp_path / "gap.mkv")
    target = copy(tmp_path / "gap.mkv", tmp_path / f"b{ending}")
    heard = np.frombuffer(
        ffmpeg("-i", target, "-vn -af aresample=8000:async=1 -ac 1 -f s16le -"), "<i2"
    )
    is_loud = np.abs(heard[: 29 * 800].astype(int)).reshape(29, 800).mean(axis=1) > 500
    assert is_loud[:9].all()
    assert not is_loud[12:19].any()
    assert is_loud[21:].all()


@needs_ffprobe
def test_the_sound_that_plays_unasked_is_kept(tmp_path):
    one = make_clip(tmp_path / "one.mkv", seconds=0.5)
    two, marks = tmp_path / "two.mkv", "-disposition:a:0 comment -disposition:a:1 default"
    ffmpeg("-i", one, f"-map 0:v -map 0:a -map 0:a -c:v copy -c:a aac -ac:a:1 2 {marks}", two)
    assert streams_of(copy(two, tmp_path / "b.mp4"))["audio"]["channels"] == 2


@needs_ffprobe
def test_sound_that_ffmpeg_knows_by_name_alone_leaves_a_silent_video_and_a_warning(
    tmp_path, caplog
):
    data = make_clip(tmp_path / "a.mp4", seconds=0.5).read_bytes()
    source = tmp_path / "named.mp4"
    source.write_bytes(data.replace(b"mp4a", b"ac-4").replace(b"esds", b"free"))
    assert set(streams_of(copy(source, tmp_path / "b.mp4"))) == {"video"}
    assert "named.mp4: ffmpeg can't read its sound" in caplog.text


def with_two_tracks(folder, unknown):
    """Make a clip with sound of 1 and of 2 channels, the first `unknown` ones of no known codec."""
    path = make_clip(folder / "a.mkv", seconds=0.5)
    two = folder / "two.mkv"
    ffmpeg("-i", path, "-map 0:v -map 0:a -map 0:a -c:v copy -c:a aac -ac:a:1 2", two)
    two.write_bytes(two.read_bytes().replace(b"A_AAC", b"A_XXX", unknown))
    return two


@needs_ffprobe
@pytest.mark.parametrize("ending", [".mp4", ".webm"])
def test_a_sound_track_of_no_known_codec_is_passed_over(tmp_path, ending):
    source = with_two_tracks(tmp_path, unknown=1)
    target = copy(source, tmp_path / f"b{ending}")
    assert streams_of(target)["audio"]["channels"] == 2


@needs_ffprobe
def test_sound_that_nobody_can_read_leaves_a_silent_video_and_a_warning(tmp_path, caplog):
    source = with_two_tracks(tmp_path, unknown=2)
    assert not probe(source).has_sound
    assert set(streams_of(copy(source, tmp_path / "b.mp4"))) == {"video"}
    assert "two.mkv: ffmpeg can't read its sound" in caplog.text


@needs_ffprobe
def test_silent_source_gives_a_silent_file(tmp_path):
    target = copy(make_clip(tmp_path / "a.mp4", sound=None), tmp_path / "b.mp4")
    assert set(streams_of(target)) == {"video"}


def shift(source, target, video_s, sound_s):
    inputs = (f"-itsoffset {video_s} -i", source, f"-itsoffset {sound_s} -i", source)
    ffmpeg(*inputs, "-map 0:v -map 1:a -c copy", target)


@needs_ffprobe
@pytest.mark.parametrize("source", ["even.mp4", "late_video.mp4", "late_sound.mp4", "even.ts"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_sound_stays_in_step(tmp_path, source, ending):
    path = tmp_path / source
    if source.startswith("even"):
        make_flash(path)
    else:
        plain = make_flash(tmp_path / "plain.mp4")
        shift(plain, path, *((0.41, 0) if source == "late_video.mp4" else (0, 0.41)))
    target = copy(path, tmp_path / f"target{ending}")
    flash, beep = flash_and_beep(path)
    new_flash, new_beep = flash_and_beep(target)
    assert abs((new_beep - new_flash) - (beep - flash)) < 0.004
    assert abs(duration_of(target) - duration_of(path)) < 1001 / 30000


@needs_ffprobe
def test_sound_stays_in_step_where_only_key_frames_have_a_time(tmp_path):
    """As in DVDs; ffprobe tells none of the others, so a twin tells what is in step."""
    target = copy(make_flash(tmp_path / "a.mpg"), tmp_path / "b.mp4")
    flash, beep = flash_and_beep(make_flash(tmp_path / "twin.mp4"))
    new_flash, new_beep = flash_and_beep(target)
    assert abs((new_beep - new_flash) - (beep - flash)) < 0.015  # a frame lasts .033


@needs_ffprobe
@pytest.mark.parametrize("ending", [".mp4", ".webm"])
def test_sound_stays_in_step_where_the_first_pictures_do_not_decode(tmp_path, ending):
    """A recording cut anywhere: up to the next key frame nothing can be seen, but heard."""
    whole = make_flash(tmp_path / "whole.ts", options="-g 20 -keyint_min 20 -preset medium -bf 3")
    content = whole.read_bytes()
    cut = tmp_path / "cut.ts"
    cut.write_bytes(content[len(content) // 5 // 188 * 188 :])
    flash, beep = flash_and_beep(cut)
    new_flash, new_beep = flash_and_beep(copy(cut, tmp_path / f"target{ending}"))
    assert abs((new_beep - new_flash) - (beep - flash)) < 0.02


def rises(is_on, rate):
    """Return the seconds at which something begins."""
    return (np.flatnonzero(is_on[1:] & ~is_on[:-1]) + 1) / rate


@needs_ffprobe
@pytest.mark.parametrize("second", ["as long", "later"])
@pytest.mark.parametrize("source", [".ts", ".mpg"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_files_joined_end_to_end_keep_both_sounds_in_step(tmp_path, source, second, ending):
    """Their clocks start anew, or are 40 s ahead."""
    first, other = (make_flash(tmp_path / f"{name}{source}", rate="25") for name in "ab")
    if second == "later":
        ffmpeg("-i", first, "-c copy -output_ts_offset 40", other)
    joined = tmp_path / f"joined{source}"
    joined.write_bytes(first.read_bytes() + other.read_bytes())
    target = copy(joined, tmp_path / f"target{ending}")
    bright = np.array([frame.mean() > 128 for frame in read_frames(target)])
    plain = "-map 0:a -ac 1 -af aresample=8000:async=1:first_pts=0 -f s16le -"
    heard = np.frombuffer(ffmpeg("-i", target, plain), "<i2").astype(int)
    loud = np.abs(heard[: len(heard) // 80 * 80].reshape(-1, 80)).max(axis=1) > 6000
    flashes, beeps = rises(bright, 25), rises(loud, 100) - float(probe(target).delay)
    assert flashes.tolist() == pytest.approx([1, 3])
    assert beeps.tolist() == pytest.approx(flashes.tolist(), abs=0.06)


@pytest.mark.parametrize(("width", "height"), [(65, 48), (64, 47), (33, 31), (1, 1)])
def test_odd_sizes_repeat_the_last_row_and_column_in_mp4(tmp_path, width, height):
    frame = flat((40, 60, 80), width, height)
    frame[:, -1] = frame[-1] = (200, 180, 160)
    with VideoWriter(tmp_path / "odd.mp4", INFO) as file:
        for _ in range(3):
            file.write(frame)
    got = next(read_frames(tmp_path / "odd.mp4")).astype(int)
    assert got.shape == (height + height % 2, width + width % 2, 3)
    right, bottom = got[:, width - 1 :].reshape(-1, 3), got[height - 1 :].reshape(-1, 3)
    # The colour of a 2x2 block is shared: only brightness shows single rows.
    assert abs(right.mean(axis=1) - 180).max() < 25
    assert abs(bottom.mean(axis=1) - 180).max() < 25


@pytest.mark.parametrize("ending", [".webm", ".mov"])
def test_other_formats_keep_odd_sizes(tmp_path, ending):
    with VideoWriter(tmp_path / f"odd{ending}", INFO) as file:
        file.write(flat((40, 60, 80), 65, 47))
    info = probe(tmp_path / f"odd{ending}")
    assert (info.width, info.height) == (65, 47)


COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 30, 180)]


@pytest.mark.parametrize("ending", ENDINGS)
def test_colours_survive_the_round_trip(tmp_path, ending):
    frame = np.hstack([flat(colour) for colour in COLOURS])
    with VideoWriter(tmp_path / f"colours{ending}", INFO) as file:
        for _ in range(4):
            file.write(frame)
    got = next(read_frames(tmp_path / f"colours{ending}")).astype(int)
    for index, colour in enumerate(COLOURS):
        inside = got[8:-8, 64 * index + 8 : 64 * index + 56]
        assert abs(inside - colour).max() <= 3


@pytest.mark.parametrize(("ending", "decoder"), [(".webm", "-c:v libvpx-vp9"), (".mov", "")])
def test_alpha_is_kept_straight(tmp_path, ending, decoder):
    cutout = flat((200, 100, 50, 0))
    cutout[:, 16:32, 3], cutout[:, 32:, 3] = 128, 255
    path = tmp_path / f"cutout{ending}"
    with VideoWriter(path, INFO, alpha=True) as file:
        for _ in range(5):
            file.write(cutout)
    raw = ffmpeg(decoder, "-i", path, "-pix_fmt rgba -f rawvideo -")
    frames = np.frombuffer(raw, np.uint8).reshape(-1, 48, 64, 4).astype(int)
    assert len(frames) == 5
    assert abs(frames[2, :, 4:12, 3]).max() <= 2
    assert abs(frames[2, :, 20:28, 3] - 128).max() <= 2
    assert abs(frames[2, :, 40:60] - (200, 100, 50, 255)).max() <= 4
    # Straight: half coverage leaves the colour as bright as full coverage.
    assert abs(frames[2, :, 20:28, :3] - (200, 100, 50)).max() <= 4


def test_mp4_can_not_keep_transparency(tmp_path):
    with pytest.raises(InvalidInput, match=r"\.webm or \.mov"):
        VideoWriter(tmp_path / "a.mp4", INFO, alpha=True)


def test_unknown_ending(tmp_path):
    with pytest.raises(InvalidInput, match=r"\.mp4, \.webm, \.mov"):
        VideoWriter(tmp_path / "a.wmv", INFO)


def test_nothing_is_left_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), VideoWriter(tmp_path / "a.mp4", INFO) as file:
        file.write(flat((1, 2, 3)))
        assert os.listdir(tmp_path)
        ffmpeg_process = file._ffmpeg._process
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []
    assert ffmpeg_process.poll() is not None


def test_nothing_is_left_when_its_generator_is_closed(tmp_path):
    def write():
        with VideoWriter(tmp_path / "a.webm", INFO) as file:
            while True:
                file.write(flat((1, 2, 3)))
                yield

    steps = write()
    next(steps)
    steps.close()
    assert os.listdir(tmp_path) == []


def test_an_older_file_stays_when_the_new_one_fails(tmp_path):
    (tmp_path / "a.mp4").write_text("older")
    with pytest.raises(OutputFailed, match="no frame"), VideoWriter(tmp_path / "a.mp4", INFO):
        pass
    assert (tmp_path / "a.mp4").read_text() == "older"
    assert os.listdir(tmp_path) == ["a.mp4"]


@pytest.mark.parametrize(
    "wrong", [flat((1, 2, 3), 32, 48), flat((1, 2, 3, 4)), flat((1, 2, 3)) / 255]
)
def test_a_frame_unlike_the_first_is_refused(tmp_path, wrong):
    with (
        pytest.raises(InvalidInput, match="like the first"),
        VideoWriter(tmp_path / "a.mp4", INFO) as file,
    ):
        file.write(flat((1, 2, 3)))
        file.write(wrong)
    assert os.listdir(tmp_path) == []


def test_a_cutout_is_no_frame(tmp_path):
    with (
        pytest.raises(InvalidInput, match=r"\(H, W, 3\)"),
        VideoWriter(tmp_path / "a.mp4", INFO) as file,
    ):
        file.write(flat((1, 2, 3, 4)))


def test_a_missing_encoder_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(
        formats._FORMATS, ".mp4", formats.Format("mp4", "-c:v nosuch", None, frozenset(), "")
    )
    with (
        pytest.raises(OutputFailed, match=r"a\.mp4: ffmpeg says .*nosuch"),
        VideoWriter(tmp_path / "a.mp4", INFO) as file,
    ):
        for _ in range(200):
            file.write(flat((1, 2, 3)))
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that starts by itself")
@pytest.mark.parametrize("frames", [1, 500])
def test_a_full_disk_is_reported(tmp_path, monkeypatch, frames):
    script = tmp_path / "fake_ffmpeg"
    said = "[out#0/mp4 @ 0x55] Error writing trailer: x\\n[vost @ 0x1] No space left on device\\n"
    said += "    Last message repeated 1 times\\n"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stdin.buffer.read(1000)\n"
        f"sys.stderr.write('{said}Conversion failed!\\n')\nsys.exit(228)\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(process, "executable", lambda: str(script))
    folder = tmp_path / "out"
    with (
        pytest.raises(OutputFailed, match=r"ffmpeg says No space left on device; free .* folder$"),
        VideoWriter(folder / "a.mp4", INFO) as file,
    ):
        for _ in range(frames):
            file.write(flat((1, 2, 3), 640, 480))
    assert os.listdir(folder) == []


def test_a_folder_that_can_not_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputFailed), VideoWriter(tmp_path / "file" / "a.mp4", INFO):
        pass


def test_ffmpeg_takes_as_many_threads_as_there_are_processors(tmp_path, monkeypatch, started):
    """By itself it would count those of the host, of which a container may use few."""
    source = make_clip(tmp_path / "a.mp4")
    info = probe(source)
    monkeypatch.setenv("CPU_CORES", "3")
    started.clear()
    with VideoWriter(tmp_path / "b.mp4", info) as file:
        for frame in read_frames(source, info=info):
            file.write(frame)
    reading, writing = [list(process.args) for process in started]
    place = reading.index("-threads")
    assert reading[place + 1] == "3" and place < reading.index("-i")
    place = writing.index("-threads")
    assert writing[place + 1] == "3" and place > writing.index("-i")
