"""End to end, as a user meets it: each job in a process of its own, which tells its memory too.

python -m segmenter.benchmark.whole JOB     # a Job as JSON; prints a Done as JSON
"""

import json
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from segmenter.background import Background, Picture
from segmenter.benchmark.memory import ChildWatch, peak_mb
from segmenter.benchmark.processes import run
from segmenter.benchmark.timing import WARM_UPS, Row, summarise
from segmenter.closeup import FixedPace
from segmenter.images import open_image, save_image
from segmenter.inference import Segmenter
from segmenter.live.wire import decode_frame, encode
from segmenter.matting import prepare_for_camera
from segmenter.pipeline import replace_in_image
from segmenter.stream import LiveReplacer, replace_in_video
from segmenter.threads import one_thread_a_stage
from segmenter.video import probe, read_frames

LIVE_FRAMES = 30  # that a camera shows again and again
LOOK_EVERY = 10  # frames, at the memory of ffmpeg


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which segmenter: the words of the command line."""

    model: str | None = None
    backend: str = "auto"
    device: str = "auto"

    def load(self) -> Segmenter:
        """Load it."""
        return Segmenter(self.model, backend=self.backend, device=self.device)


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done again and again."""

    kind: str  # "photo", "video" or "live"
    source: str  # the photo, or the clip that the camera shows
    background: str  # a picture
    count: int  # photos, or live frames; a video is done once


@dataclass(frozen=True, kw_only=True)
class Done:
    """What was measured."""

    times_ms: list[float]  # of each photo or frame
    total_s: float  # of all, start and end included
    peak_mb: int  # of the process
    bare_mb: int  # of it, before weights were loaded
    ffmpeg_mb: int | None  # peak of ffmpeg's processes together


def measure_whole(job: Job, choice: Choice) -> Done:
    """Do a job in a process of its own.

    Raises:
        SegmenterError: that process failed.
    """
    words = json.dumps({**asdict(job), **asdict(choice)})
    answer = run(Path(job.source).name, "-m", "segmenter.benchmark.whole", words)
    return Done(**json.loads(answer))


def row_of(done: Done, what: str, where: str) -> Row:
    """Summarise what was measured."""
    return summarise(
        "whole",
        what,
        where,
        done.times_ms,
        per_s=round(len(done.times_ms) / done.total_s, 2),
        memory_mb=done.peak_mb,
        beyond_mb=done.peak_mb - done.bare_mb,
        ffmpeg_mb=done.ffmpeg_mb,
    )


def do(job: Job, choice: Choice) -> Done:
    """Do a job in this process."""
    bare = peak_mb()
    segmenter, watch = choice.load(), ChildWatch()
    with TemporaryDirectory() as folder:
        work = {"photo": do_photos, "video": do_video, "live": do_live}[job.kind]
        times, total = work(job, segmenter, Path(folder), watch)
    return Done(
        times_ms=times,
        total_s=total,
        peak_mb=peak_mb(),
        bare_mb=bare,
        ffmpeg_mb=watch.total_mb(),
    )


def do_photos(
    job: Job, segmenter: Segmenter, folder: Path, _watch: ChildWatch
) -> tuple[list[float], float]:
    """Replace the background of a photo, file to file, after one time that does not count."""
    times = []
    for _ in range(1 + job.count):
        started = time.perf_counter()
        background = Picture(open_image(Path(job.background)))
        result = replace_in_image(open_image(Path(job.source)), background, segmenter=segmenter)
        save_image(folder / "result.jpg", result.picture)
        times.append(1000 * (time.perf_counter() - started))
    return times[1:], sum(times[1:]) / 1000


@one_thread_a_stage()
def do_video(
    job: Job, segmenter: Segmenter, folder: Path, watch: ChildWatch
) -> tuple[list[float], float]:
    """Replace the background of a clip, file to file; the times are those between two frames."""
    background = Picture(open_image(Path(job.background)))
    started = last = time.perf_counter()
    times = []
    steps = replace_in_video(
        Path(job.source), folder / "result.mp4", background, segmenter=segmenter
    )
    for progress in steps:
        now = time.perf_counter()
        times.append(1000 * (now - last))
        last = now
        if progress.frames_done % LOOK_EVERY == 1:
            watch.look()
    return times, time.perf_counter() - started


@one_thread_a_stage()
def do_live(
    job: Job, segmenter: Segmenter, _folder: Path, _watch: ChildWatch
) -> tuple[list[float], float]:
    """Answer a camera's frames, JPEG to JPEG, as the live tab's server does; no browser."""
    info = probe(Path(job.source))
    background = Picture(open_image(Path(job.background)))
    replacer = replacer_with_time(segmenter, background, info.height, info.width)
    jpegs, times = camera(Path(job.source)), []
    for number, jpeg in enumerate(islice(cycle(jpegs), WARM_UPS + job.count)):
        started = time.perf_counter()
        frame = decode_frame(jpeg, info.width * info.height)
        encode(replacer(frame, float(number / info.frame_rate)).picture)
        times.append(1000 * (time.perf_counter() - started))
    return times[WARM_UPS:], sum(times[WARM_UPS:]) / 1000


def replacer_with_time(
    segmenter: Segmenter, background: Background, height: int, width: int
) -> LiveReplacer:
    """Make one that sees a camera's frames as finely as it does on a machine that keeps up."""
    prepare_for_camera(segmenter, height, width, has_time=True)
    return LiveReplacer(segmenter, background, pace=FixedPace(has_time=True))


def camera(clip: Path) -> list[bytes]:
    """Return the JPEGs that a camera shows again and again, and never jumps."""
    with closing(read_frames(clip)) as frames:
        return there_and_back([encode(frame) for frame in islice(frames, LIVE_FRAMES)])


def there_and_back(pictures: list[bytes]) -> list[bytes]:
    """Return the pictures and then, backwards, those between, so that a cycle of it never jumps."""
    return pictures + pictures[-2:0:-1]


def main(words: str) -> None:
    """Do the job that a JSON object describes, and print what was measured."""
    fields = json.loads(words)
    choice = Choice(**{name: fields.pop(name) for name in ("model", "backend", "device")})
    print(json.dumps(asdict(do(Job(**fields), choice))))


if __name__ == "__main__":
    main(sys.argv[1])
