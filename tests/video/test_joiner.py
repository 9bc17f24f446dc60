"""A video joined from pieces has the packets' times of the one written in one go."""

from itertools import pairwise

import numpy as np
import pytest
from clips import (
    ffmpeg,
    ffprobe,
    flash_and_beep,
    grey_number,
    make_clip,
    make_flash,
    make_numbered,
    needs_ffprobe,
    streams_of,
)

from segmenter.errors import OutputFailed
from segmenter.video import VideoWriter, join, probe, read_frames


def write(source, target, start=0, stop=None, alpha=False, **settings):
    """Write some frames of a video, with `alpha` transparent on the left; return how many."""
    frames = list(read_frames(source))[start:stop]
    with VideoWriter(target, probe(source), alpha=alpha, **settings) as file:
        for frame in frames:
            left = np.arange(frame.shape[1]) < frame.shape[1] // 2
            cover = np.broadcast_to(np.where(left, 0, 255), frame.shape[:2])
            file.write(np.dstack([frame, cover]).astype(np.uint8) if alpha else frame)
    return target, len(frames)


def write_in_pieces(source, target, cuts, alpha=False):
    """Write a video in pieces, join them with the source's sound, and return it."""
    edges = [0, *cuts, None]
    pieces = [
        write(source, target.with_name(f"it's {start}{target.suffix}"), start, stop, alpha)
        for start, stop in pairwise(edges)
    ]
    join(pieces, target, probe(source), sound_from=source)
    return target


def times_of(path, kind="v"):
    entries = ("-show_entries", "packet=pts,dts", "-select_streams", kind)
    return sorted((int(it["pts"]), int(it["dts"])) for it in ffprobe(path, *entries)["packets"])


@needs_ffprobe
@pytest.mark.parametrize("rate", ["30000/1001", "25", "2997/100"])
@pytest.mark.parametrize("ending", [".mp4", ".webm", ".mov"])
def test_every_frame_is_where_it_would_be_in_one_piece(tmp_path, ending, rate):
    source = make_clip(tmp_path / "source.mp4", seconds=4, rate=rate, size=(64, 48))
    whole, count = write(source, tmp_path / f"whole{ending}", sound_from=source)
    joined = write_in_pieces(source, tmp_path / f"joined{ending}", [17, 40, 81])
    assert probe(joined).frame_rate == probe(whole).frame_rate
    shown, stored = zip(*times_of(joined), strict=True)
    assert list(shown) == [pts for pts, _ in times_of(whole)]
    assert sorted(set(stored)) == sorted(stored) and len(stored) == count
    assert times_of(joined, "a") == times_of(whole, "a")
    ours, theirs = streams_of(joined), streams_of(whole)
    same = ("codec_name", "r_frame_rate", "avg_frame_rate", "time_base", "color_space", "pix_fmt")
    assert [ours["video"].get(key) for key in same] == [theirs["video"].get(key) for key in same]


def test_no_frame_is_lost_doubled_or_swapped(tmp_path):
    source = make_numbered(tmp_path / "source.mp4", seconds=1.5)
    joined = write_in_pieces(source, tmp_path / "joined.mp4", [10, 11, 30])
    assert [grey_number(frame) for frame in read_frames(joined)] == list(range(45))


@needs_ffprobe
@pytest.mark.parametrize("ending", [".mp4", ".webm"])
def test_sound_stays_in_step(tmp_path, ending):
    late = tmp_path / "late.mp4"
    source = make_flash(tmp_path / "source.mp4")
    ffmpeg("-i", source, "-itsoffset 0.5 -i", source, "-map 1:v -map 0:a -c copy", late)
    flash, beep = flash_and_beep(late)
    shown, heard = flash_and_beep(write_in_pieces(late, tmp_path / f"joined{ending}", [20]))
    assert heard - shown == pytest.approx(beep - flash, abs=0.025)


@pytest.mark.parametrize("ending", [".webm", ".mov"])
def test_transparency_is_kept(tmp_path, ending):
    source = make_clip(tmp_path / "source.mp4", seconds=1, size=(64, 48))
    joined = write_in_pieces(source, tmp_path / f"joined{ending}", [10], alpha=True)
    decoder = "-c:v libvpx-vp9" if ending == ".webm" else ""
    plain = "-map 0:v -fps_mode passthrough -pix_fmt rgba -f rawvideo -"
    pixels = np.frombuffer(ffmpeg(decoder, "-i", joined, plain), np.uint8).reshape(-1, 48, 64, 4)
    assert len(pixels) == 30
    assert pixels[:, :, :28, 3].max() < 8 and pixels[:, :, 36:, 3].min() > 247


def test_a_missing_piece_is_named_and_leaves_nothing(tmp_path):
    source = make_clip(tmp_path / "source.mp4", seconds=0.5)
    target = tmp_path / "out" / "joined.mp4"
    with pytest.raises(OutputFailed, match=r"joined\.mp4.*[Nn]o such file"):
        join([(tmp_path / "none.mp4", 5)], target, probe(source))
    assert list(target.parent.iterdir()) == []
