"""Chunks of a video, without a cluster: together they are the video in one go."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from clips import make_clip
from scenes import RedSegmenter

from segmenter.background import Colour, Picture
from segmenter.batch import Replacer
from segmenter.cluster.chunks import OVERLAP, Chunk, chunk_length, replace_chunk, split
from segmenter.cluster.tasks import Joining, Piece
from segmenter.errors import InvalidInput, UnreadableVideo
from segmenter.pipeline import ReplaceOptions, read_background
from segmenter.video import VideoInfo, probe, read_frames

INFO = VideoInfo(64, 48, Fraction(25), 1000, Fraction(40))


class Flickering(RedSegmenter):
    """Finds a square whose place and strength change with the picture, so that memory matters.

    There always is one: where nobody is found, a quarter of the frame is sought in that depends on
    how many frames came before.
    """

    def probability(self, frame, size=None):
        probability = np.zeros(frame.shape[:2], np.float32)
        left = int(frame[::7, ::5].sum()) % 40
        probability[30:90, left + 30 : left + 90] = 0.55 + left / 100
        return cv2.GaussianBlur(probability, (0, 0), 4)


@pytest.fixture
def pictures(monkeypatch):
    """Every picture that chunks hand to the encoder, in order."""
    written = []

    class Recorder:
        def __init__(self, *_, **__):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, picture):
            written.append(picture.copy())

    monkeypatch.setattr("segmenter.cluster.chunks.VideoWriter", Recorder)
    return written


def test_chunks_follow_each_other_and_the_last_is_open(tmp_path):
    chunks = split(tmp_path / "a.mp4", INFO, 300)
    assert chunks == [Chunk(0, 250), Chunk(250, 500), Chunk(500, 750), Chunk(750, None)]
    assert split(tmp_path / "a.mp4", INFO, 1000) == [Chunk(0, None)]
    assert split(tmp_path / "a.ts", INFO, 300) == [Chunk(0, None)], "there is no index"


@pytest.mark.parametrize(
    ("frames", "workers", "length"),
    [(300, 2, 150), (18_000, 2, 1800), (18_000, 30, 150), (8_000, 4, 500), (0, 1, 150)],
)
def test_chunks_are_long_where_there_is_enough_for_all(frames, workers, length):
    assert chunk_length(frames, workers) == length


def camera(path, seconds):
    """Make a clip of a still room with a noisy camera, in which a box moves."""
    picture = "color=0x336644,noise=alls=3:allf=t,drawbox=x=20+15*t:y=40:w=40:h=50:c=red:t=fill"
    return make_clip(path, picture, rate="25", seconds=seconds, options="-g 20 -crf 8")


@pytest.mark.parametrize("smoothing", [True, False])
def test_no_seam_shows(tmp_path, pictures, smoothing):
    clip = camera(tmp_path / "clip.mp4", seconds=4)
    info, options = probe(clip), ReplaceOptions(smoothing=smoothing)
    replacer = Replacer(Flickering(), Colour(0, 0, 255), options)
    assert replace_chunk(clip, tmp_path / "whole.mp4", info, Chunk(0, None), replacer).frames == 100
    whole = pictures.copy()
    pictures.clear()
    for chunk in (Chunk(0, 60), Chunk(60, 85), Chunk(85, None)):
        replace_chunk(clip, tmp_path / "piece.mp4", info, chunk, replacer)
    assert len(pictures) == 100
    differences = [np.abs(a.astype(int) - b).max() for a, b in zip(pictures, whole, strict=True)]
    # With a little other memory, the radius in which her edge is refined may be rounded otherwise.
    assert max(differences) <= (12 if smoothing else 0)
    assert sum(difference > 1 for difference in differences) <= 8


def test_without_the_overlap_a_seam_would_show(tmp_path, pictures, monkeypatch):
    clip = camera(tmp_path / "clip.mp4", seconds=3)
    replacer = Replacer(Flickering(), Colour(0, 0, 255), ReplaceOptions())
    for overlap in (OVERLAP, 0):
        monkeypatch.setattr("segmenter.cluster.chunks.OVERLAP", overlap)
        replace_chunk(clip, tmp_path / "piece.mp4", probe(clip), Chunk(60, 62), replacer)
    assert np.abs(pictures[0].astype(int) - pictures[2]).max() > 20


def test_a_clip_behind_goes_on_where_the_chunk_before_ended(tmp_path, pictures):
    clip = make_clip(tmp_path / "clip.mp4", rate="25", seconds=2)
    behind = make_clip(tmp_path / "behind.mp4", "rgbtestsrc,hue=h=90*t", rate="25", seconds=0.8)
    info, replacer = probe(clip), Replacer(RedSegmenter(), None, ReplaceOptions(smoothing=False))
    for chunks in ([Chunk(0, None)], [Chunk(0, 33), Chunk(33, None)]):
        for chunk in chunks:
            fresh = Replacer(RedSegmenter(), read_background(str(behind)), replacer.options)
            replace_chunk(clip, tmp_path / "piece.mp4", info, chunk, fresh)
    assert len(pictures) == 100
    assert all(map(np.array_equal, pictures[:50], pictures[50:]))


def test_a_chunk_that_lacks_frames_is_refused_and_leaves_nothing(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", rate="25", seconds=1)
    behind = Picture(next(read_frames(clip)))
    replacer = Replacer(RedSegmenter(), behind, ReplaceOptions(smoothing=False))
    with pytest.raises(UnreadableVideo, match=r"clip\.mp4 breaks off at frame 25"):
        replace_chunk(clip, tmp_path / "out" / "a.mp4", probe(clip), Chunk(10, 30), replacer)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("boxes", "told"), [(":enable='lt(n,3)'", 0), (":enable='lt(n,0)'", 1)])
def test_a_joined_video_of_nobody_is_told(tmp_path, caplog, boxes, told):
    """Somebody in one of the pieces is enough."""
    drawn = f"color=0x28AA3C,drawbox=x=40:y=40:w=60:h=60:c=red:t=fill{boxes}"
    clip = make_clip(tmp_path / "clip.mp4", drawn, rate="25", seconds=0.4, sound=None)
    info, replacer = probe(clip), Replacer(RedSegmenter(), Colour(0, 0, 0), ReplaceOptions())
    pieces = []
    for number, chunk in enumerate((Chunk(0, 5), Chunk(5, None))):
        piece = tmp_path / f"{number}.mp4"
        pieces.append((piece, Piece(clip, info, chunk).do(replacer, piece)))
    assert Joining(clip, info, tuple(pieces)).do(replacer, tmp_path / "joined.mp4") == 10
    assert caplog.messages == [f"{clip}: nobody was found, so nothing of it is kept"] * told


def test_choices_for_photos_alone_are_refused(tmp_path):
    clicked = ReplaceOptions(people="clicked", point=(0.5, 0.5))
    for replacer in (
        Replacer(RedSegmenter(), Colour(0, 0, 0), clicked),
        Replacer(RedSegmenter(), Colour(0, 0, 0), ReplaceOptions(), edges=True),
    ):
        with pytest.raises(InvalidInput, match="photos"):
            replace_chunk(tmp_path / "a.mp4", tmp_path / "b.mp4", INFO, Chunk(0, 5), replacer)
