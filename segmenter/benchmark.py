"""How fast each stage and the whole is, on this machine, side by side in one run."""

import json
import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from segmenter.arrays import Frame
from segmenter.background import Colour, Picture
from segmenter.composite import over
from segmenter.foreground import estimate_foreground
from segmenter.images import open_image, save_image
from segmenter.inference import Segmenter
from segmenter.people import choose_people
from segmenter.pipeline import replace_in_image
from segmenter.refine import VIDEO, refine
from segmenter.resample import shrink
from segmenter.stream import LiveReplacer, replace_in_video
from segmenter.temporal import SHIMMER, MotionTracker, TemporalSmoother
from segmenter.video import VideoInfo, VideoWriter

SEED = 7
HD = (720, 1280)
VIDEO_FRAMES = 60


@dataclass(frozen=True)
class Row:
    """One measurement: milliseconds."""

    what: str
    median_ms: float
    p95_ms: float


def benchmark(segmenter: Segmenter, repeats: int) -> list[Row]:
    """Measure the network at several sizes, each stage at 1280x720, a photo, a video and live."""
    frame = scene(*HD)
    rows = [
        measure(f"network, long side {size}", partial(segmenter.probability, frame, size), repeats)
        for size in (256, 384, 512)
    ]
    rows += stages(frame, segmenter, repeats)
    with TemporaryDirectory() as folder:
        rows += whole_photo(segmenter, Path(folder), repeats)
        rows.append(whole_video(segmenter, Path(folder)))
    for height, width in ((480, 640), HD):
        replacer = LiveReplacer(segmenter, Colour(0, 120, 90))
        view = scene(height, width)
        rows.append(measure(f"live frame {width}x{height}", partial(replacer, view, 0.0), repeats))
    return rows


def stages(frame: Frame, segmenter: Segmenter, repeats: int) -> list[Row]:
    """Measure what follows the network, at the frame's size."""
    probability = shrink(segmenter.probability(frame, segmenter.video_size), VIDEO.long_side)
    alpha = refine(probability, frame, detail=VIDEO)
    follow, smooth, smooth_alpha = MotionTracker(), TemporalSmoother(), TemporalSmoother(SHIMMER)
    background = Picture(frame[:, ::-1].copy(), "cover")
    follow(frame)
    motion = follow(frame)
    jpeg = cv2.imencode(".jpg", frame)[1]
    work: dict[str, Callable[[], object]] = {
        "decode JPEG": partial(cv2.imdecode, jpeg, cv2.IMREAD_COLOR),
        "follow motion": partial(follow, frame),
        "smooth": partial(smooth, probability, motion),
        "smooth alpha": partial(smooth_alpha, alpha, motion),
        "people": partial(choose_people, probability),
        "refine": partial(refine, probability, frame, detail=VIDEO),
        "foreground": partial(estimate_foreground, frame, alpha),
        "background": partial(background.at, 0.0, frame, alpha),
        "composite": partial(over, frame, alpha, frame),
        "encode JPEG": partial(cv2.imencode, ".jpg", frame),
    }
    return [measure(f"{name}, 1280x720", call, repeats) for name, call in work.items()]


def whole_photo(segmenter: Segmenter, folder: Path, repeats: int) -> list[Row]:
    """Measure from a JPEG file to a JPEG file."""
    rows = []
    for megapixels, (height, width) in {1: (866, 1155), 12: (3000, 4000)}.items():
        source = folder / "photo.jpg"
        save_image(source, scene(height, width))

        def run(source: Path = source) -> None:
            result = replace_in_image(open_image(source), Colour(0, 120, 90), segmenter=segmenter)
            save_image(folder / "result.jpg", result.picture)

        rows.append(measure(f"photo, {megapixels} megapixels, file to file", run, min(repeats, 5)))
    return rows


def whole_video(segmenter: Segmenter, folder: Path) -> Row:
    """Measure a 1280x720 clip from file to file; milliseconds a frame."""
    source = folder / "clip.mp4"
    info = VideoInfo(HD[1], HD[0], Fraction(30), VIDEO_FRAMES, duration=None)
    frame = scene(*HD)
    with VideoWriter(source, info, sound_from=None, alpha=False) as writer:
        for shift in range(VIDEO_FRAMES):
            writer.write(np.roll(frame, 2 * shift, axis=1))
    times, last = [], time.perf_counter()
    for _ in replace_in_video(source, folder / "out.mp4", Colour(0, 120, 90), segmenter=segmenter):
        now = time.perf_counter()
        times.append(1000 * (now - last))
        last = now
    return summarise("video, 1280x720, each frame, file to file", times)


def measure(what: str, call: Callable[[], object], repeats: int) -> Row:
    """Time `call` after two unmeasured calls."""
    times = []
    for index in range(repeats + 2):
        started = time.perf_counter()
        call()
        if index >= 2:
            times.append(1000 * (time.perf_counter() - started))
    return summarise(what, times)


def summarise(what: str, times: list[float]) -> Row:
    """Return the median and the 95th percentile."""
    return Row(what, round(statistics.median(times), 2), round(float(np.percentile(times, 95)), 2))


def scene(height: int, width: int) -> Frame:
    """Draw somebody, roughly, before a textured room; (height, width, 3) uint8."""
    noise = np.random.default_rng(SEED).integers(0, 60, (height // 8, width // 8, 3), np.uint8)
    frame = cv2.resize(noise, (width, height)) + np.uint8(90)
    middle, head = width // 2, height // 6
    skin, shirt = (224, 172, 140), (40, 60, 130)
    cv2.ellipse(frame, (middle, height), (height // 3, height // 2), 0, 0, 360, shirt, -1)
    cv2.ellipse(frame, (middle, int(2.2 * head)), (int(0.75 * head), head), 0, 0, 360, skin, -1)
    return frame


def machine() -> dict[str, str | float]:
    """Describe what the numbers were measured on."""
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "processor": processor(),
        "python": platform.python_version(),
        "onnxruntime": version("onnxruntime"),
        "opencv": cv2.__version__,
        "peak_memory_mb": round(peak_kb / 1024),
    }


def processor() -> str:
    """Return the processor's model where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(
            line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def to_markdown(rows: list[Row], device: str) -> str:
    """Return the measurements as a table."""
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    lines = [f"{device}; {facts}", "", "| what | median ms | p95 ms |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.median_ms} | {row.p95_ms} |" for row in rows])


def to_json(rows: list[Row], device: str) -> str:
    """Return the measurements for a machine to read."""
    return json.dumps(
        {"device": device, **machine(), "rows": [asdict(row) for row in rows]}, indent=1
    )
