"""Video in and out: exact rate, upright, one frame in memory, sound kept."""

from segmenter.video.formats import require_format
from segmenter.video.joiner import join
from segmenter.video.overlap import between, overlap
from segmenter.video.probe import VIDEO_ENDINGS, VideoInfo, can_seek, probe
from segmenter.video.reader import read_frames
from segmenter.video.writer import VideoWriter

__all__ = [
    "VIDEO_ENDINGS",
    "VideoInfo",
    "VideoWriter",
    "between",
    "can_seek",
    "join",
    "overlap",
    "probe",
    "read_frames",
    "require_format",
]
