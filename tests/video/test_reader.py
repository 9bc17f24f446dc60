import stat
import subprocess
import sys
import tracemalloc
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clips import ffmpeg, grey_number, make_clip, make_numbered, make_unsteady
from standards import colours_of

from segmenter.errors import UnreadableVideo
from segmenter.video import VideoInfo, probe, process, read_frames


@pytest.mark.parametrize("ending", [".mp4", ".webm", ".ts"])
def test_every_frame_comes_once_and_in_order(tmp_path, ending):
    clip = make_numbered(tmp_path / f"clip{ending}", seconds=1.5)
    assert [grey_number(frame) for frame in read_frames(clip)] == list(range(45))


def test_varying_rate_becomes_constant(tmp_path):
    kept = [0, 1, 2, 3, 9, 10, 11, 20, 21, 22, 23, 24, 39, 40, 41, 42, 43, 44]
    chosen = "+".join(f"eq(n,{index})" for index in kept)
    plain = make_numbered(tmp_path / "plain.mkv", rate="30", seconds=1.5)
    clip = tmp_path / "clip.mp4"
    ffmpeg("-i", plain, "-vf", f"select='{chosen}'", "-fps_mode", "vfr", clip)
    info = probe(clip)
    assert (info.frame_rate, info.frame_count) == (30, 45)
    # At each thirtieth of a second the last kept frame is still shown.
    shown = [max(index for index in kept if index <= now) for now in range(45)]
    assert [grey_number(frame) for frame in read_frames(clip)] == shown


def test_a_picture_that_changes_its_size_keeps_its_time(tmp_path):
    """As the recording of a call does."""
    sizes = [(160, 120), (80, 60), (120, 90)]
    for number, size in enumerate(sizes):
        options = f"-vf trim=end_frame={30 if number < 2 else 1} -fps_mode passthrough"
        part = tmp_path / f"part{number}.webm"
        make_clip(part, rate="30", size=size, sound=None, options=options)
    names = "".join(f"file part{number}.webm\n" for number in range(3))
    (tmp_path / "parts.txt").write_text(names)
    joined = tmp_path / "call.webm"
    ffmpeg("-f concat -safe 0 -i", tmp_path / "parts.txt", "-c copy", joined)
    frames = list(read_frames(joined))
    assert len(frames) == 61
    assert {frame.shape for frame in frames} == {(120, 160, 3)}


def test_frames_that_say_they_are_turned_where_the_file_does_not_keep_its_shape(tmp_path):
    plain, turned = make_clip(tmp_path / "plain.mp4"), tmp_path / "turned.mp4"
    marking = "h264_metadata=display_orientation=insert:rotate=90"
    ffmpeg("-i", plain, f"-c copy -bsf:v {marking}", turned)
    for frame, other in zip(read_frames(plain), read_frames(turned), strict=True):
        np.testing.assert_array_equal(frame, other)


@pytest.mark.parametrize("kind", ["turned", "mirrored", "interlaced"])
def test_a_turned_or_interlaced_picture_that_changes_its_size(tmp_path, kind):
    """What turns it must not be given the smaller pictures as if they were large."""
    fields = ",tinterlace=interleave_top" if kind == "interlaced" else ""
    flags = "-flags +ilme+ildct" if fields else ""
    content = b""
    for number, size in enumerate([(160, 120), (80, 64)]):
        part = tmp_path / f"part{number}.h264"
        paint = f"color=0x2080c0{fields}"
        make_clip(part.with_suffix(".mp4"), paint, rate="30", size=size, sound=None, options=flags)
        ffmpeg("-i", part.with_suffix(".mp4"), "-c copy -bsf:v h264_mp4toannexb -f h264", part)
        content += part.read_bytes()
    (tmp_path / "both.h264").write_bytes(content)
    plain, clip = tmp_path / "plain.mp4", tmp_path / "clip.mp4"
    ffmpeg(f"-r {15 if fields else 30} -i", tmp_path / "both.h264", "-c copy", plain)
    matrix = {"turned": "-display_rotation 90", "mirrored": "-display_hflip", "interlaced": ""}
    ffmpeg(matrix[kind], "-i", plain, "-c copy", clip)
    frames = list(read_frames(clip))
    assert len(frames) >= probe(clip).frame_count - 1
    assert all(abs(frame.astype(int) - (0x20, 0x80, 0xC0)).max() < 12 for frame in frames)


def test_unsteady_recording_keeps_its_length(tmp_path):
    clip = make_unsteady(tmp_path / "clip.webm")
    assert abs(sum(1 for _ in read_frames(clip)) - 90) <= 1


def test_a_last_picture_that_lasts_but_a_moment_is_shown(tmp_path):
    plain = make_numbered(tmp_path / "plain.mp4", rate="30", seconds=1, options="-bf 0")
    clip = tmp_path / "clip.mp4"
    short = "-bsf:v setts=duration=if(eq(N\\,29)\\,100\\,DURATION)"  # ticks of 1/15360 s
    ffmpeg("-i", plain, "-c copy", short, clip)
    assert [grey_number(frame) for frame in read_frames(clip)] == list(range(30))


def test_a_recording_that_does_not_say_how_long_its_last_picture_lasts(tmp_path):
    """As a browser makes it."""
    plain = make_numbered(tmp_path / "plain.mkv", rate="30", seconds=1.5)
    clip = tmp_path / "clip.webm"
    times = "setpts='round((N/24.7+0.012*sin(2*N))*1000)/1000/TB'"
    coded = "-c:v libvpx -deadline realtime -cpu-used 8 -f webm -live 1"
    ffmpeg("-i", plain, "-vf", times, "-fps_mode passthrough -enc_time_base 1:1000", coded, clip)
    frames = list(read_frames(clip))
    assert len(frames) == probe(clip).frame_count
    assert grey_number(frames[-1]) == 44


def make_delayed(path):
    """Make a clip whose pictures begin 0.7 s after its sound, with frames out of order."""
    options = "-g 12 -bf 2 -preset medium"
    plain = make_clip(path.with_name("plain.mp4"), seconds=3, sound=None, options=options)
    sound = ("-f lavfi -i", "sine=f=440:r=48000:d=3")
    ffmpeg(*sound, "-itsoffset 0.7 -i", plain, "-map 1:v -map 0:a -c:v copy", path)
    return path


CLIPS = {
    "reordered.mp4": lambda path: make_clip(
        path, seconds=3, options="-g 12 -bf 3 -preset medium -x264-params open-gop=1"
    ),
    # Frames that lead a key frame need the one before, many seconds earlier at this rate.
    "rare-reordered.mp4": lambda path: make_clip(
        path, seconds=60, rate="1", options="-c:v mpeg4 -g 17 -bf 2"
    ),
    "delayed.mp4": make_delayed,
    "delayed.mkv": make_delayed,
    "unsteady.mp4": make_unsteady,
    "unsteady.mkv": make_unsteady,
    "rare.webm": lambda path: make_clip(path, seconds=3, rate="25", options="-g 200"),
    "stream.ts": lambda path: make_clip(path, seconds=3, rate="25", options="-g 12"),
    "tape.avi": lambda path: make_clip(path, seconds=3, rate="25"),
    "fields.mp4": lambda path: make_clip(
        path,
        "testsrc2,tinterlace=interleave_top",
        seconds=5,
        options="-g 12 -preset medium -flags +ilme+ildct",
    ),
}


@pytest.mark.parametrize("name", CLIPS)
def test_reading_from_the_middle_gives_the_same_frames(tmp_path, name):
    clip = CLIPS[name](tmp_path / name)
    info, whole = probe(clip), list(read_frames(clip))
    for start in (1, 32, 37, 58, len(whole) - 1):
        rest = list(read_frames(clip, info=info, start=start))
        assert len(rest) == len(whole) - start
        assert all(map(np.array_equal, rest, whole[start:])), f"from {start}"


def test_reading_from_the_middle_does_not_decode_what_is_before(tmp_path, monkeypatch):
    clip, asked = make_clip(tmp_path / "clip.mp4", seconds=3, options="-g 12"), []
    monkeypatch.setattr("segmenter.video.reader.FFmpeg", lambda *words, folder: asked.append(words))
    with pytest.raises(AttributeError):  # there is no decoder
        next(read_frames(clip, info=probe(clip), start=60))
    assert asked[0][asked[0].index("-ss") + 1] == "1.002000"


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_frames_come_upright(tmp_path, degrees):
    plain = make_clip(tmp_path / "plain.mp4", size=(160, 96))
    turned = tmp_path / "turned.mp4"
    ffmpeg(f"-display_rotation {degrees} -i", plain, "-c", "copy", turned)
    expected = np.rot90(next(read_frames(plain)), degrees // 90).astype(int)
    got = next(read_frames(turned)).astype(int)
    assert got.shape == expected.shape
    # Turning moves the half-size colour samples a little at edges.
    assert abs(got - expected).mean() < 4 < abs(got - expected[::-1]).mean()


def test_wide_pixels(tmp_path):
    clip = make_clip(tmp_path / "clip.mkv", "testsrc2,setsar=4/3", size=(180, 144))
    assert next(read_frames(clip)).shape == (144, 240, 3)


TRANSPARENT = {
    "cutout.webm": "-c:v libvpx-vp9 -pix_fmt yuva420p -auto-alt-ref 0 -b:v 2M",
    "old.webm": "-c:v libvpx -pix_fmt yuva420p -auto-alt-ref 0 -b:v 2M",
    "editor.mov": "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le",
    "animation.mov": "-c:v png -pix_fmt rgba",
}


@pytest.mark.parametrize("name", TRANSPARENT)
def test_what_is_transparent_is_white(tmp_path, name):
    """A red square; under the transparent pixels there is green, half of which shows above."""
    paint = "color=0x00c800:s=96x64,format=rgba,geq=r='200*lt(X,32)':g='200*gte(X,32)':b=0"
    paint += ":a='255*lt(X,32)+128*gte(X,32)*lt(X,64)'"
    clip = tmp_path / name
    ffmpeg("-f lavfi -i", f"{paint},trim=end_frame=5", TRANSPARENT[name], clip)
    frames = list(read_frames(clip))
    assert len(frames) == 5
    row = frames[2][32].astype(int)
    assert abs(row[4:28] - (200, 0, 0)).max() < 12
    assert abs(row[36:60] - (127, 227, 127)).max() < 12
    assert row[68:].min() > 243


FIELDS = {
    "tff.mp4": "fieldorder=tff -c:v libx264 -crf 10 -flags +ilme+ildct -x264-params tff=1",
    "bff.mkv": "fieldorder=bff -c:v libx264 -crf 10 -flags +ilme+ildct -x264-params bff=1",
    "disc.mpg": "fieldorder=tff -c:v mpeg2video -q:v 2 -flags +ilme+ildct",
    "tape.dv": "fieldorder=bff,scale=720:576:interl=1,format=yuv420p -c:v dvvideo",
}


@pytest.mark.parametrize("name", FIELDS)
def test_interlaced_frames_are_made_whole(tmp_path, name):
    """Of a bar that moves every second row is from another time."""
    filters, _, options = FIELDS[name].partition(" ")
    clip = tmp_path / name
    paint = "color=white:size=120x576:rate=50[bar];color=gray:size=720x576:rate=50[wall];"
    paint += f"[wall][bar]overlay=x=100+6*n,tinterlace=interleave_top,{filters}"
    ffmpeg("-filter_complex", paint, "-t 0.6 -r 25 -an", *options.split(), clip)
    info = probe(clip)
    assert info.is_interlaced
    frames = np.stack(list(read_frames(clip))).astype(int)
    assert len(frames) == info.frame_count == 15
    combed = np.stack(list(read_frames(clip, info=replace(info, is_interlaced=False)))).astype(int)
    whole, comb = (abs(np.diff(seen[2:-2], axis=1)).mean() for seen in (frames, combed))
    assert whole < 0.2 * comb


@pytest.mark.parametrize(("size", "matrix"), [((1280, 720), "bt709"), ((640, 480), "bt601")])
def test_untagged_colours_are_read_as_players_show_them(tmp_path, size, matrix):
    paint = f"color=0xc81eb4,scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p"
    clip = make_clip(tmp_path / "clip.mp4", paint, size=size, seconds=0.1, rate="10", sound=None)
    # No tag in the stream: H.264 without the colour description.
    bare = tmp_path / "bare.mp4"
    untag = "filter_units=remove_types=6,h264_metadata=colour_primaries=2:matrix_coefficients=2"
    ffmpeg("-i", clip, "-c", "copy", "-bsf:v", untag + ":transfer_characteristics=2", bare)
    assert probe(bare).colour_matrix is None
    middle = next(read_frames(bare))[20:-20, 20:-20].reshape(-1, 3)
    # The other matrix is off by 20 and more.
    assert abs(middle.astype(int) - (0xC8, 0x1E, 0xB4)).max() <= 5


PLAIN = "-c:v libx264 -qp 0 -pix_fmt "


@pytest.mark.parametrize(
    ("stored", "matrix", "span"),
    [
        (PLAIN + "yuv420p", "bt709", "tv"),
        (PLAIN + "yuv420p", "smpte170m", "tv"),
        (PLAIN + "yuvj420p", "smpte170m", "pc"),
        (PLAIN + "yuv420p", "smpte240m", "tv"),
        (PLAIN + "yuv422p", "bt709", "tv"),
        (PLAIN + "yuv444p", "bt709", "tv"),
        ("-c:v prores_ks -qscale:v 1 -pix_fmt yuv422p10le", "bt709", "tv"),
        ("-c:v libvpx-vp9 -lossless 1 -pix_fmt yuv420p", "bt709", "pc"),
    ],
)
def test_nothing_gets_darker_or_brighter(tmp_path, stored, matrix, span):
    """Against numbers of the standards; by default ffmpeg's are a level or two darker."""
    ratio = 4 if "10le" in stored else 1
    codes = np.random.default_rng(8).integers(90, 150, (3, 8, 8))
    planes = codes.repeat(16, axis=1).repeat(16, axis=2) * ratio
    kind, size = ("yuv444p10le", "<u2") if ratio == 4 else ("yuv444p", "u1")
    raw = tmp_path / "clip.yuv"
    raw.write_bytes(planes.astype(size).tobytes() * 2)
    named = f"scale=in_range={span}:out_range={span},setparams=range={span}:colorspace={matrix}"
    clip = tmp_path / "clip.mkv"
    given = f"-f rawvideo -pix_fmt {kind} -video_size 128x128 -framerate 25 -i"
    ffmpeg(given, raw, "-vf", named, stored, f"-color_range {span} -colorspace {matrix}", clip)
    assert (probe(clip).colour_matrix, probe(clip).is_full_range) == (matrix, span == "pc")
    expected = colours_of(codes, matrix, is_full_range=span == "pc")
    difference = next(read_frames(clip))[8::16, 8::16] - expected
    shown = (expected > 2) & (expected < 253)
    assert shown.mean() > 0.9
    assert abs(difference[shown].mean()) < 0.15 and abs(difference[shown]).max() < 1.5


def test_a_picture_that_changes_its_range_keeps_its_colours(tmp_path):
    """Two cameras' clips joined: brightness from 16 to 235, and then from 0 to 255."""
    content = b""
    for span in ("tv", "pc"):
        part = tmp_path / f"{span}.h264"
        paint = f"color=0x2080c0:s=64x48:r=25,scale=out_range={span}:out_color_matrix=bt709"
        named = f"-pix_fmt yuv420p -color_range {span} -colorspace bt709 -c:v libx264 -bf 0"
        ffmpeg("-f lavfi -i", paint, named, "-frames:v 5 -f h264", part)
        content += part.read_bytes()
    (tmp_path / "both.h264").write_bytes(content)
    clip = tmp_path / "clip.mp4"
    ffmpeg("-r 25 -i", tmp_path / "both.h264", "-c copy", clip)
    frames = np.stack(list(read_frames(clip))).astype(int)
    assert len(frames) == 10
    # One range taken for the other is off by 10.
    assert abs(frames - (0x20, 0x80, 0xC0)).max() <= 4


@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".webm"])
def test_a_cut_file_gives_the_frames_it_has_and_a_warning(tmp_path, caplog, ending):
    early = "-movflags +faststart" if ending == ".mp4" else ""
    clip = make_clip(tmp_path / f"clip{ending}", "mandelbrot", seconds=2, sound=None, options=early)
    assert sum(1 for _ in read_frames(clip)) == 60 and caplog.text == ""
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    count = sum(1 for _ in read_frames(clip))
    assert 10 < count < 55
    assert f"clip{ending} is cut off or damaged: {count} of about 60 frames" in caplog.text
    caplog.clear()
    assert sum(1 for _ in read_frames(clip, start=8)) == count - 8
    assert f"{count} of about 60 frames" in caplog.text


def test_sound_that_is_longer_is_no_sign_of_a_cut(tmp_path, caplog):
    plain = make_clip(tmp_path / "plain.mp4", seconds=1)
    clip = tmp_path / "clip.mp4"
    ffmpeg("-i", plain, "-f lavfi -i sine=d=4 -map 0:v -map 1:a -c:v copy", clip)
    assert sum(1 for _ in read_frames(clip)) == 30 and caplog.text == ""


def test_no_frame_that_decodes(tmp_path):
    clip = make_clip(tmp_path / "clip.avi", sound=None, seconds=0.2)
    data = bytearray(clip.read_bytes())
    start = data.index(b"movi") + 12
    data[start:-400] = bytes(len(data[start:-400]))
    clip.write_bytes(data)
    info = VideoInfo(160, 120, Fraction(25), 75, None)
    with pytest.raises(UnreadableVideo, match="could not be decoded"):
        next(read_frames(clip, info=info))


def test_closing_early_leaves_no_process(tmp_path, started):
    clip = make_clip(tmp_path / "clip.mp4", seconds=5)
    started.clear()
    with closing(read_frames(clip)) as frames:
        next(frames)
        assert started[-1].poll() is None
    assert len(started) == 2  # probe and decoder
    assert all(ffmpeg.poll() is not None for ffmpeg in started)


def test_reading_to_the_end_leaves_no_process(tmp_path, started):
    clip = make_clip(tmp_path / "clip.mp4", rate="25")
    started.clear()
    assert len(list(read_frames(clip))) == 25
    assert [ffmpeg.poll() for ffmpeg in started] == [0, 0]


def test_python_can_end_while_a_video_is_being_read(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", seconds=5)
    script = (
        "import sys\nfrom segmenter.video import read_frames\n"
        "frames = read_frames(sys.argv[1])\nprint(next(frames).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(clip)],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "(120, 160, 3)\n", "")


def test_memory_does_not_grow_with_length(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", seconds=8)
    tracemalloc.start()
    count = sum(1 for _ in read_frames(clip))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 240  # 13.8 MB in all
    assert peak < 2_000_000


def use_fake_ffmpeg(monkeypatch, tmp_path, body):
    """Make the package start a Python script in ffmpeg's place."""
    script = tmp_path / "fake_ffmpeg"
    script.write_text(f"#!{sys.executable}\nimport os, signal, sys\n{body}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(process, "executable", lambda: str(script))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that starts by itself")
def test_a_decoder_that_crashes_is_reported(monkeypatch, tmp_path):
    crash = "sys.stdout.buffer.write(bytes(64 * 48 * 3 * 2)); sys.stdout.flush()"
    use_fake_ffmpeg(monkeypatch, tmp_path, crash + "\nos.kill(os.getpid(), signal.SIGKILL)")
    frames = read_frames(tmp_path / "any.mp4", info=VideoInfo(64, 48, Fraction(25), 1, None))
    assert next(frames).shape == next(frames).shape == (48, 64, 3)
    with pytest.raises(UnreadableVideo, match="past frame 2"):
        next(frames)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that starts by itself")
def test_a_flood_of_messages_does_not_block(monkeypatch, tmp_path):
    flood = "sys.stderr.write('something is odd\\n' * 500_000); sys.stderr.flush()"
    picture = "sys.stdout.buffer.write(bytes(64 * 48 * 3))"
    use_fake_ffmpeg(monkeypatch, tmp_path, f"{flood}\n{picture}")
    info = VideoInfo(64, 48, Fraction(25), 1, None)
    assert len(list(read_frames(tmp_path / "any.mp4", info=info))) == 1


def test_a_picture_that_changes_its_shape_is_told(tmp_path, caplog):
    sizes = {"wide": (160, 120), "small": (80, 60), "rounded": (106, 80), "tall": (120, 160)}
    for name, size in sizes.items():
        part = tmp_path / f"{name}.webm"
        make_clip(part, rate="30", size=size, seconds=0.5, sound=None)
    for other in ("small", "rounded", "tall"):
        (tmp_path / "parts.txt").write_text(f"file wide.webm\nfile {other}.webm\n")
        joined = tmp_path / f"with-{other}.webm"
        ffmpeg("-f concat -safe 0 -i", tmp_path / "parts.txt", "-c copy", joined)
        assert len(list(read_frames(joined))) == 30
    assert caplog.messages == [
        "with-tall.webm changes its shape on the way, from 160x120 to 120x160: "
        "all is shown in the first"
    ]
