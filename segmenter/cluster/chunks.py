"""A long video in chunks that join without a seam."""

from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from segmenter.background import Transparent
from segmenter.batch import Replacer
from segmenter.errors import UnreadableVideo
from segmenter.stream import pictures_of
from segmenter.video import VideoInfo, VideoWriter, between, can_seek, read_frames

# Frames: a shorter chunk looks at too many frames twice, a longer one is too much to do again.
SHORTEST, LONGEST = 150, 1800
CHUNKS_A_WORKER = 4  # so that all end at about the same time
# Frames before a chunk that are looked at for what the smoothing remembers, and thrown away. Two
# memories follow each other, each of which weighs the past by at most 0.8 a frame. Measured on
# three clips, alphas then differ by 3 levels of 255 at most, and by more than 1 in at most 0.01 %
# of the pixels.
OVERLAP = 48


@dataclass(frozen=True)
class Chunk:
    """The frames from `start` on, before `stop`; None: to the end, wherever it turns out to be."""

    start: int
    stop: int | None


class Written(NamedTuple):
    """What a chunk's file holds."""

    frames: int
    has_people: bool  # somebody is in one of them


def chunk_length(frames: int, workers: int) -> int:
    """Return how long chunks should be when so many frames are waiting for so many workers."""
    return min(LONGEST, max(SHORTEST, frames // (workers * CHUNKS_A_WORKER)))


def split(source: Path, info: VideoInfo, length: int) -> list[Chunk]:
    """Cut a video into equal chunks of at most `length` frames; one where it has no index."""
    frames = info.frame_count
    number = -(-frames // length) if can_seek(source) else 1
    edges = [frames * index // number for index in range(number)]
    return [Chunk(*pair) for pair in pairwise([*edges, None])]


def replace_chunk(
    source: Path, target: Path, info: VideoInfo, chunk: Chunk, replacer: Replacer
) -> Written:
    """Write one chunk of a video, without sound.

    Raises:
        UnreadableVideo: there are fewer frames than the chunk should have.
        OutputFailed, InvalidInput: as their messages say.
    """
    replacer.require_video_choices()
    background, options = replacer.background, replacer.options
    on_card = replacer.segmenter.device.kind == "cuda"
    is_cutout = isinstance(background, Transparent)
    first = max(0, chunk.start - OVERLAP) if options.smoothing else chunk.start
    last = None if chunk.stop is None else chunk.stop - first
    frames = between(read_frames(source, info=info, start=first, hardware=on_card), 0, last)
    pictures = pictures_of(
        frames, info, background, replacer.segmenter, options, first=first, skip=chunk.start - first
    )
    done, has_people = 0, False
    with (
        closing(background),
        VideoWriter(target, info, alpha=is_cutout, hardware=on_card) as writer,
        closing(pictures),
    ):
        for shown in pictures:
            writer.write(shown.picture)
            has_people |= shown.has_people
            done += 1
        if chunk.stop is not None and done < chunk.stop - chunk.start:
            raise UnreadableVideo(
                f"{source.name} breaks off at frame {chunk.start + done}; re-encode it"
            )
    return Written(done, has_people)
