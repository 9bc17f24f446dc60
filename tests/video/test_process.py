"""The running ffmpeg."""

import os
import signal
import sys

import pytest
from clips import make_clip

from segmenter.errors import MissingExtra, UnreadableVideo
from segmenter.video import probe, process, read_frames
from segmenter.video.process import FFmpeg


@pytest.mark.skipif(not hasattr(process.fcntl, "F_SETPIPE_SZ"), reason="Linux alone widens pipes")
def test_where_no_pipe_may_be_widened_any_more_videos_are_read_all_the_same(tmp_path, monkeypatch):
    clip, refused = make_clip(tmp_path / "clip.mp4", seconds=0.2), []

    def refuse(*asked):
        refused.append(asked)
        raise PermissionError("the user's share of wide pipes is used up")

    monkeypatch.setattr(process.fcntl, "fcntl", refuse)
    assert len(list(read_frames(clip))) == 6
    assert refused


@pytest.mark.parametrize("program", ["nowhere/ffmpeg", "clip.mp4"])
def test_an_ffmpeg_that_can_not_be_run_is_told(tmp_path, monkeypatch, program):
    clip = make_clip(tmp_path / "clip.mp4", seconds=0.2)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / program))
    with pytest.raises(MissingExtra, match=r"can't be run .*IMAGEIO_FFMPEG_EXE"):
        probe(clip)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that can be run")
@pytest.mark.parametrize(
    ("said", "is_too_old"), [("5.1.9-0+deb12u1", True), ("n6.0", False), ("N-1-gabc", False)]
)
def test_an_ffmpeg_that_is_too_old_is_told(tmp_path, monkeypatch, said, is_too_old):
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho ffmpeg version {said} Copyright")
    program.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))
    if is_too_old:
        with pytest.raises(MissingExtra, match=r"is ffmpeg 5, and 6 or later"):
            process.executable()
    else:
        assert process.executable() == str(program)


def test_the_reason_given_is_no_line_of_progress(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", seconds=1, sound=None)
    content = clip.read_bytes()
    pictures, index = content.index(b"mdat") + 4, content.rindex(b"moov") - 4
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(content[:pictures] + bytes(index - pictures) + content[index:])
    with pytest.raises(UnreadableVideo) as caught:
        list(read_frames(damaged, info=probe(clip)))
    assert "could not be decoded past frame 0" in str(caught.value)
    assert "frame=" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_signal_that_ended_it_is_told():
    ffmpeg = FFmpeg(*["-re", "-f", "lavfi", "-i", "testsrc", "-f", "null", "-"])
    os.kill(ffmpeg._process.pid, signal.SIGXFSZ)  # a file grew beyond what is allowed
    assert ffmpeg.finish() == -signal.SIGXFSZ
    assert ffmpeg.complaint() == "it was ended by the signal SIGXFSZ"
