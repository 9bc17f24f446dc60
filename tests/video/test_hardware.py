"""A graphics card for videos, played by a program that stands where ffmpeg does."""

import json
import os
import sys
from itertools import pairwise

import imageio_ffmpeg
import numpy as np
import pytest
from clips import grey_number, make_clip, make_numbered, needs_ffprobe, streams_of
from scenes import RedSegmenter

from segmenter.background import Colour, Transparent
from segmenter.device import Device
from segmenter.errors import OutputFailed, UnreadableVideo
from segmenter.stream import replace_in_video
from segmenter.video import VideoWriter, probe, read_frames
from segmenter.video.hardware import H264, can_decode, can_encode

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="needs a script that starts by itself"
)

NO_DRIVER = "Cannot load libcuda.so.1"
ON_CUDA = Device("cuda", 1, "a test's")
# Does with the real ffmpeg what the card would do, or fails as ffmpeg does without a driver.
STAND_IN = """#!{python} -IS
import json, os, subprocess, sys

told, card, real = sys.argv[1:], {card!r}, {real!r}
with open({told!r}, "a") as file:
    file.write(json.dumps(told) + "\\n")

def fail():
    sys.stderr.write("[h264 @ 0x55] {no_driver}\\nConversion failed!\\n")
    sys.exit(187)

def without(words):
    start = next(i for i in range(len(told)) if told[i : i + len(words)] == words)
    return told[:start] + told[start + len(words) :]

if "-hwaccels" in told or "-encoders" in told:
    print(" ".join(card["listed"]))
    sys.exit(0)
if "-hwaccel" in told:
    is_trial = any("hwdownload" in word for word in told)
    if is_trial:
        sys.exit(0) if sys.stdin.buffer.read() and card["decodes"] else fail()
    plain = [real, *without(["-xerror", "-hwaccel", "cuda"])]
    if card["bytes_read"] is None:
        os.execv(real, plain)
    with subprocess.Popen(plain, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        sys.stdout.buffer.write(running.stdout.read(card["bytes_read"]))
        running.kill()
    fail()
if "h264_nvenc" in told:
    is_trial = "lavfi" in told
    if is_trial and f"size={{card['refused']}}:" in " ".join(told):
        fail()
    if not (card["encodes"] and is_trial) and card["bytes_written"] is not None:
        sys.stdin.buffer.read(card["bytes_written"])
        fail()
    if not card["encodes"]:
        fail()
    software = ["-c:v", "libx264", "-preset", "ultrafast"]
    place = told.index("-c:v")
    rest = without({options!r})
    told = rest[:place] + software + rest[place:]
os.execv(real, [real, *told])
"""


class CudaSegmenter(RedSegmenter):
    device = ON_CUDA
    backend = None  # none of PyTorch, so that the pixels stay with the CPU


@pytest.fixture
def card(tmp_path, monkeypatch):
    """Make a card, and give a function that returns what ffmpeg was told since, run by run."""
    real = imageio_ffmpeg.get_ffmpeg_exe()

    def make(decodes=True, encodes=True, listed=("cuda", "h264_nvenc"), **further):
        further = {"bytes_read": None, "bytes_written": None, "refused": "", **further}
        script, told = tmp_path / "stand_in", tmp_path / "told"
        said = {"decodes": decodes, "encodes": encodes, "listed": listed, **further}
        script.write_text(
            STAND_IN.format(
                python=sys.executable,
                card=said,
                real=real,
                told=str(told),
                no_driver=NO_DRIVER,
                options=H264.split(),
            )
        )
        script.chmod(0o755)
        monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(script))

        def runs():
            found = [json.loads(line) for line in told.read_text().splitlines()]
            told.write_text("")
            return found

        return runs

    return make


@pytest.fixture
def source(tmp_path):
    """A numbered clip with sound, made before the card is."""
    (tmp_path / "in").mkdir()
    sound = "sine=f=440:r=48000"
    return make_numbered(tmp_path / "in" / "in.mp4", rate="30000/1001", seconds=1, sound=sound)


def replace(source, name="out.mp4", segmenter=None, background=None):
    target = source.parent.parent / "out" / name
    steps = replace_in_video(
        source, target, background or Colour(0, 0, 255), segmenter=segmenter or CudaSegmenter()
    )
    for _ in steps:
        pass
    return target


def is_reading(words):
    return words[-1] == "pipe:1" and "rawvideo" in words


def is_writing(words):
    return "pipe:0" in words and "-framerate" in words


def is_whole(path):
    """Tell whether rate, frames and sound are the source's."""
    video, sound = streams_of(path)["video"], streams_of(path)["audio"]
    whole = (video["avg_frame_rate"], int(video["nb_read_packets"])) == ("30000/1001", 30)
    return whole and (video["codec_name"], sound["codec_name"]) == ("h264", "aac")


@needs_ffprobe
def test_a_card_that_works_decodes_and_encodes(source, card, caplog):
    runs = card()
    assert is_whole(replace(source))
    told = runs()
    reading = next(words for words in told if is_reading(words))
    assert ("-hwaccel", "cuda") in pairwise(reading)
    assert reading.index("-hwaccel") < reading.index("-i")
    writing = next(words for words in told if is_writing(words))
    assert {("-c:v", "h264_nvenc"), ("-rc", "vbr"), ("-cq", "19"), ("-b:v", "0")} <= set(
        pairwise(writing)
    )
    assert ("-pix_fmt", "yuv420p") in pairwise(writing) and "libx264" not in writing
    assert caplog.messages == []


def test_it_is_tried_once(source, card):
    runs = card()
    replace(source)
    first, _ = runs(), replace(source)
    assert sum("-hwaccels" in words or "-encoders" in words for words in first) == 2
    tried = [w for w in runs() if "-hwaccels" in w or "-encoders" in w or "lavfi" in w]
    assert tried == []


def test_without_cuda_nobody_asks(source, card):
    runs = card()
    replace(source, segmenter=RedSegmenter())
    told = [word for words in runs() for word in words]
    assert not {"-hwaccels", "-encoders", "-hwaccel", "h264_nvenc"} & set(told)


@needs_ffprobe
@pytest.mark.parametrize("listed", [("cuda", "h264_nvenc"), ()])
def test_without_a_card_the_processor_does_it_and_says_so_once(source, card, caplog, listed):
    runs = card(decodes=False, encodes=False, listed=listed)
    expected = replace(source, "expected.mp4", RedSegmenter()).read_bytes()
    assert runs()
    for _ in range(2):
        target = replace(source)
    assert is_whole(target) and target.read_bytes() == expected
    told = runs()
    assert all("-hwaccel" not in words for words in told if is_reading(words))
    assert all("h264_nvenc" not in words for words in told if is_writing(words))
    decodes, encodes = caplog.messages
    assert "decodes no videos" in decodes and "encodes no videos of 64x48" in encodes
    for words in caplog.messages:
        assert (NO_DRIVER if listed else "built without NV") in words
    # What was not built in is not tried.
    assert any("lavfi" in words for words in told) == bool(listed)


FRAME_BYTES = 64 * 48 * 3


@pytest.mark.parametrize(
    ("given", "start"), [(0, 0), (0, 4), (7 * FRAME_BYTES, 4), (7 * FRAME_BYTES + 5, 0), (10**7, 0)]
)
def test_what_the_card_can_not_decode_the_processor_does_and_nothing_is_lost(
    source, card, caplog, given, start
):
    expected = list(read_frames(source, start=start))
    runs = card(bytes_read=given)
    frames = list(read_frames(source, start=start, hardware=True))
    np.testing.assert_array_equal(frames, expected)
    assert [grey_number(frame) for frame in frames] == list(range(start, 30))
    first, second = [words for words in runs() if is_reading(words)]
    assert "-hwaccel" in first and "-hwaccel" not in second
    (said,) = caplog.messages
    assert "the processor decodes: in.mp4" in said and said.endswith(NO_DRIVER)


@needs_ffprobe
def test_a_video_is_whole_when_the_card_gives_up_in_the_middle(source, card):
    card(bytes_read=11 * FRAME_BYTES)
    assert is_whole(replace(source))


def test_a_damaged_end_is_no_more_damaged_by_a_card(tmp_path, card):
    whole = make_clip(tmp_path / "whole.ts", seconds=1, sound=None)
    cut = tmp_path / "cut.ts"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    expected = list(read_frames(cut))
    card(bytes_read=5 * expected[0].size)
    assert 5 < len(expected) < 30
    frames = list(read_frames(cut, hardware=True))
    assert len(frames) == len(expected)
    # Half of the last one is missing, and how the processor's threads patch it up varies.
    np.testing.assert_array_equal(frames[:-1], expected[:-1])


def test_what_nobody_can_decode_is_an_error(source, card):
    card(bytes_read=0)
    frames = read_frames(source, info=probe(source), hardware=True)
    source.write_bytes(b"no video any more")
    with pytest.raises(UnreadableVideo, match="past frame 0"):
        next(frames)


def test_closing_early_leaves_no_process(source, card, started):
    card(bytes_read=3 * FRAME_BYTES)
    for taken in (1, 5):  # from the card, and after it gave up
        frames = read_frames(source, hardware=True)
        for _ in range(taken):
            next(frames)
        frames.close()
        assert all(process.poll() is not None for process in started)


@needs_ffprobe
def test_each_size_is_tried_for_itself(source, card, caplog):
    card(refused="64x48")
    assert can_encode(1920, 1080) and not can_encode(64, 48) and can_decode()
    assert is_whole(replace(source))
    assert len(caplog.messages) == 1 and "64x48" in caplog.text


@pytest.mark.parametrize(("name", "background"), [("a.webm", None), ("a.mov", Transparent())])
def test_other_formats_are_the_processors(source, card, name, background):
    runs = card()
    replace(source, name, background=background)
    told = runs()
    assert not any("h264_nvenc" in words or "-encoders" in words for words in told)
    assert any("-hwaccel" in words for words in told if is_reading(words))


def test_a_card_that_stops_encoding_leaves_nothing(tmp_path, source, card):
    card(bytes_written=2 * FRAME_BYTES)
    target = tmp_path / "out" / "out.mp4"
    target.parent.mkdir()
    target.write_text("older")
    with pytest.raises(OutputFailed, match=rf"out\.mp4: ffmpeg says {NO_DRIVER}") as told:
        replace(source)
    assert "try again later, or with --device cpu" in str(told.value)
    assert target.read_text() == "older"
    assert os.listdir(target.parent) == ["out.mp4"]


@pytest.mark.parametrize("hardware", [False, True])
def test_frames_come_back_in_order_from_the_card(tmp_path, source, card, hardware):
    card()
    target = tmp_path / "copy.mp4"
    with VideoWriter(target, probe(source), hardware=True) as file:
        for frame in read_frames(source, hardware=hardware):
            file.write(frame)
    assert [grey_number(frame) for frame in read_frames(target)] == list(range(30))


@pytest.mark.cuda
def test_the_real_card_gives_the_processors_frames(tmp_path):
    if not can_decode():
        pytest.skip("ffmpeg can't decode on this card")
    clip = make_clip(tmp_path / "clip.mp4", seconds=1, size=(640, 360))
    ours, theirs = list(read_frames(clip, hardware=True)), list(read_frames(clip))
    assert np.abs(np.int16(ours) - np.int16(theirs)).max() <= 2
