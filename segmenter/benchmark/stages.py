"""How long each stage takes, seen by a profiler while the real functions run.

Nothing is rebuilt here for measuring: a photo goes through `replace_in_image`, a camera's frame
through `LiveReplacer`, whose code a video shares, and Python's profiler tells what each stage took.
"""

import cProfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import FunctionType

from segmenter.arrays import Frame
from segmenter.backends import OnnxBackend, TorchBackend
from segmenter.background import Picture
from segmenter.benchmark.scenes import FRAME_RATE, Stage, room
from segmenter.benchmark.timing import WARM_UPS, Row, size_text, summarise
from segmenter.benchmark.whole import replacer_with_time
from segmenter.colour_doubt import decide_by_colours
from segmenter.composite import over_at
from segmenter.foreground import estimate_rim
from segmenter.graph_cut import decide_doubt
from segmenter.images import open_image, save_image
from segmenter.inference import Segmenter
from segmenter.live.wire import decode_frame, encode
from segmenter.matting import Matting
from segmenter.motion import MotionTracker
from segmenter.people import choose_people
from segmenter.pipeline import replace_in_image
from segmenter.preprocess import to_batch
from segmenter.refine import refine
from segmenter.stream import LiveReplacer
from segmenter.temporal import AlphaSteadier, TemporalSmoother
from segmenter.threads import one_thread_a_stage
from segmenter.video import VideoWriter, probe, read_frames

CODING_RUNS = 3  # of a clip, decoded and encoded
SEEN_SEED = 8  # of the new background


@dataclass(frozen=True)
class Watched:
    """A stage, and the functions that do it."""

    name: str
    functions: tuple[FunctionType, ...]
    caller: FunctionType | None = None  # only calls from here count; None for all


NETWORK = Watched("network", (OnnxBackend.run, TorchBackend.run))
RESIZE = Watched("resize", (to_batch,))
# The segmenter's own part: logits to probability, the mean of views, back to the frame's size.
FIND = Watched("restore", (Segmenter.probability,))
CUT = Watched("cut by colours", (decide_doubt,))
STAGES = (
    Watched("decode", (open_image, decode_frame)),
    RESIZE,
    NETWORK,
    FIND,
    Watched("follow motion", (MotionTracker.__call__,)),
    Watched("smooth", (TemporalSmoother.__call__,), Matting.look),
    CUT,
    Watched("colours nearby", (decide_by_colours,)),
    Watched("people", (choose_people,)),
    Watched("refine", (refine,)),
    Watched("steady alpha", (AlphaSteadier.__call__,), Matting.cut),
    Watched("foreground", (estimate_rim,)),
    Watched("background", (Picture.at,)),
    Watched("composite", (over_at,)),
    Watched("encode", (save_image, encode)),
)
REST, SUM = "rest", "together"
ORDER = (*(stage.name for stage in STAGES), REST, SUM)


def stages_of_photo(segmenter: Segmenter, source: Path, where: str, repeats: int) -> list[Row]:
    """Measure from a photo's file to a file like it."""
    target = source.with_name("stages.jpg")

    def work() -> None:
        frame = open_image(source)
        result = replace_in_image(frame, new_background(frame), segmenter=segmenter)
        save_image(target, result.picture)

    return profile_all([work] * (1 + repeats), 1, where)


def stages_of_live(
    segmenter: Segmenter, stage: Stage, size: tuple[int, int], repeats: int
) -> list[Row]:
    """Measure from a camera's JPEG to the JPEG that is sent back; `size` is height and width."""
    pictures = [encode(frame) for frame in stage.frames(*size, WARM_UPS + repeats)]
    replacer = replacer_with_time(segmenter, new_background(stage.frame(*size)), *size)
    pixels, times = size[0] * size[1], count()

    def work(jpeg: bytes) -> None:
        frame = decode_frame(jpeg, pixels)
        encode(replacer(frame, next(times) / FRAME_RATE).picture)

    calls = [lambda jpeg=jpeg: work(jpeg) for jpeg in pictures]
    with one_thread_a_stage():
        return profile_all(calls, WARM_UPS, f"live {size_text(size)}")


def stages_of_video(segmenter: Segmenter, clip: Path, repeats: int) -> list[Row]:
    """Measure a clip's frames, one stage after the other; in use they overlap."""
    info = probe(clip)
    where = f"video {info.width}x{info.height}"
    with closing(read_frames(clip, info=info)) as reader:
        frames = [frame for frame, _ in zip(reader, range(WARM_UPS + repeats), strict=False)]
    replacer = LiveReplacer(segmenter, new_background(frames[0]), closely=True)
    times = count()
    calls = [
        lambda frame=frame: replacer(frame, float(next(times) / info.frame_rate))
        for frame in frames
    ]
    with one_thread_a_stage():
        *rows, between = profile_all(calls, WARM_UPS, where)
    decode = [per_frame_ms(read_frames(clip, info=info)) for _ in range(CODING_RUNS)]
    encode = [encode_ms(clip.with_name("stages.mp4"), clip, frames) for _ in range(CODING_RUNS)]
    ends = [
        summarise("stage", "decode", where, decode),
        summarise("stage", "encode", where, encode),
    ]
    coding = sum(row.median_ms for row in ends)  # by another program, so on average alone
    together = replace(
        between,
        median_ms=round(between.median_ms + coding, 2),
        p95_ms=round(between.p95_ms + coding, 2),
    )
    return [ends[0], *rows, ends[1], together]


def new_background(frame: Frame) -> Picture:
    """Return a drawn picture, as large as the frame."""
    return Picture(room(*frame.shape[:2], seed=SEEN_SEED))


def per_frame_ms(frames: Iterable[Frame]) -> float:
    """Take all frames and return the milliseconds of each, on average."""
    started, number = time.perf_counter(), 0
    for _ in frames:
        number += 1
    return 1000 * (time.perf_counter() - started) / number


def encode_ms(target: Path, like: Path, frames: list[Frame]) -> float:
    """Write frames as a video and return the milliseconds of each, on average."""
    started = time.perf_counter()
    with VideoWriter(target, probe(like)) as writer:
        for frame in frames:
            writer.write(frame)
    return 1000 * (time.perf_counter() - started) / len(frames)


def profile_all(calls: Iterable[Callable[[], object]], warm_ups: int, where: str) -> list[Row]:
    """Run the calls in order and return a row for each stage that did anything, the sum last."""
    times: dict[str, list[float]] = {name: [] for name in ORDER}
    for number, call in enumerate(calls):
        taken = profile_once(call)
        if number >= warm_ups:
            for name, values in times.items():
                values.append(1000 * taken[name])
    return [summarise("stage", name, where, times[name]) for name in ORDER if any(times[name])]


def profile_once(call: Callable[[], object]) -> dict[str, float]:
    """Return the seconds that each stage took in one call, by its name."""
    profile = cProfile.Profile()
    started = time.perf_counter()
    profile.runcall(call)
    total = time.perf_counter() - started
    entries = {entry.code: entry for entry in profile.getstats()}
    taken = {stage.name: seconds_of(stage, entries) for stage in STAGES}
    if taken[FIND.name]:  # a segmenter of another kind has no such parts
        taken[FIND.name] -= sum(taken[inside.name] for inside in (RESIZE, NETWORK, CUT))
    return {**taken, REST: total - sum(taken.values()), SUM: total}


def seconds_of(stage: Watched, entries: dict) -> float:
    """Sum what the profiler saw of a stage's functions, with all that they call."""
    if stage.caller:
        caller = entries.get(stage.caller.__code__)
        calls = {call.code: call for call in (caller.calls or ())} if caller else {}
    else:
        calls = entries
    codes = [function.__code__ for function in stage.functions]
    return sum(calls[code].totaltime for code in codes if code in calls)
