"""What is measured in one run, in order."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from segmenter.benchmark import PARTS
from segmenter.benchmark.networks import measure_networks, open_backends
from segmenter.benchmark.report import Report, describe_machine
from segmenter.benchmark.scenes import PORTRAIT, Stage, room
from segmenter.benchmark.stages import stages_of_live, stages_of_photo, stages_of_video
from segmenter.benchmark.startup import (
    measure_first_photo,
    measure_import,
    measure_page,
    page_is_missing,
)
from segmenter.benchmark.timing import size_text
from segmenter.benchmark.visitors import measure_visitors
from segmenter.benchmark.whole import Choice, Job, camera, measure_whole, row_of
from segmenter.gpu import has_card
from segmenter.images import save_image

VIDEO_SIZES = ((720, 1280), (1080, 1920))  # heights and widths
LIVE_SIZES = ((480, 640), (720, 1280))
MEGAPIXELS = (1, 12, 50)
BACKGROUND_SIZE = (1080, 1920)
BACKGROUND_SEED = 9
FIRST_PHOTO = 1  # megapixels
CARD_FRAMES = 16  # shown again and again
BLOCK = 16  # pixels; cameras' pictures have sides of whole blocks, which are halved well


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured."""

    parts: tuple[str, ...] = PARTS
    repeats: int = 15  # of stages, networks
    photo_repeats: int = 5
    start_repeats: int = 3
    frames: int = 150  # of a video
    live_frames: int = 100
    visit_s: float = 15.0  # of the live tab
    megapixels: tuple[int, ...] = MEGAPIXELS  # of photos whose stages are measured
    whole_megapixels: tuple[int, ...] = MEGAPIXELS  # of photos measured end to end
    video_sizes: tuple[tuple[int, int], ...] = VIDEO_SIZES
    live_sizes: tuple[tuple[int, int], ...] = LIVE_SIZES


QUICK = Plan(
    parts=("network", "stages", "photo", "video", "live"),
    repeats=5,
    photo_repeats=2,
    frames=30,
    live_frames=20,
    megapixels=(1,),
    whole_megapixels=(1,),
    video_sizes=VIDEO_SIZES[:1],
    live_sizes=LIVE_SIZES[:1],
)


class Suite:
    """One run: its steps fill `report`."""

    def __init__(
        self,
        choice: Choice,
        plan: Plan,
        folder: Path,
        *,
        photo: Path = PORTRAIT,
        int8: Path | None = None,
    ):
        """Load the model and prepare what is measured on.

        Args:
            choice: the model, and where it runs.
            plan: how much is measured.
            folder: for photos and clips; some 100 MB.
            photo: a portrait, whose person is in all pictures.
            int8: an ONNX file of the network in 8-bit numbers.
        """
        machine = describe_machine()  # before our own work shows in the load
        self._choice, self._plan, self._folder, self._int8 = choice, plan, folder, int8
        self._segmenter = choice.load()
        self._stage = Stage(self._segmenter, photo)
        self.report = Report(self._segmenter.describe(), machine)
        self._background = folder / "background.jpg"
        save_image(self._background, room(*BACKGROUND_SIZE, seed=BACKGROUND_SEED))

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """Return what is to be done, by name, in order."""
        makers = {
            "network": self._network_steps,
            "stages": self._stage_steps,
            "photo": self._photo_steps,
            "video": self._video_steps,
            "live": self._live_steps,
            "visitors": self._visitor_steps,
            "start": self._start_steps,
            "cuda": self._cuda_steps,
        }
        return [step for part in PARTS if part in self._plan.parts for step in makers[part]()]

    def _network_steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "network", self._networks

    def _networks(self) -> None:
        backends, remarks = open_backends(self._choice.model, self._segmenter.device, self._int8)
        self.report.remarks += remarks
        self.report.rows += measure_networks(backends, self._segmenter.weights, self._plan.repeats)

    def _stage_steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        for megapixels in self._plan.megapixels:
            yield f"stages, photo {megapixels} MP", partial(self._photo_stages, megapixels)
        for size in self._plan.video_sizes:
            yield f"stages, video {size_text(size)}", partial(self._video_stages, size)
        for size in self._plan.live_sizes:
            yield f"stages, live {size_text(size)}", partial(self._live_stages, size)

    def _photo_stages(self, megapixels: int) -> None:
        self.report.rows += stages_of_photo(
            self._segmenter,
            self._photo(megapixels),
            f"photo {megapixels} MP",
            self._plan.photo_repeats,
        )

    def _video_stages(self, size: tuple[int, int]) -> None:
        clip = self._clip(size)
        self.report.rows += stages_of_video(self._segmenter, clip, self._plan.repeats)

    def _live_stages(self, size: tuple[int, int]) -> None:
        self.report.rows += stages_of_live(self._segmenter, self._stage, size, self._plan.repeats)

    def _photo_steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        for megapixels in self._plan.whole_megapixels:
            yield f"photo, {megapixels} MP", partial(self._whole_photo, megapixels)

    def _whole_photo(self, megapixels: int) -> None:
        job = self._job("photo", self._photo(megapixels), self._plan.photo_repeats)
        row = row_of(measure_whole(job, self._choice), "photo", f"{megapixels} MP")
        self.report.rows.append(row)
        self.report.cost.add_photo(megapixels, row.median_ms)

    def _video_steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        for size in self._plan.video_sizes:
            yield f"video, {size_text(size)}", partial(self._whole_video, size)

    def _whole_video(self, size: tuple[int, int]) -> None:
        job = self._job("video", self._clip(size), 1)
        done = measure_whole(job, self._choice)
        self.report.rows.append(row_of(done, "video", size_text(size)))
        if size == self._plan.video_sizes[0]:
            self.report.cost.video_size = size_text(size)
            self.report.cost.frame_ms = done.times_ms

    def _live_steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        for size in self._plan.live_sizes:
            yield f"live, {size_text(size)}", partial(self._whole_live, size)

    def _whole_live(self, size: tuple[int, int]) -> None:
        job = self._job("live", self._clip(size), self._plan.live_frames)
        self.report.rows.append(row_of(measure_whole(job, self._choice), "live", size_text(size)))

    def _visitor_steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        if self._page_is_there():
            for size in self._plan.live_sizes:
                yield f"visitors, {size_text(size)}", partial(self._visitors, size)

    def _visitors(self, size: tuple[int, int]) -> None:
        pictures = camera(self._clip(size))
        rows, remark = measure_visitors(pictures, size, self._plan.visit_s)
        self.report.rows += rows
        self.report.remarks.append(remark)

    def _page_is_there(self) -> bool:
        """Tell whether the page can be started, and say in the report why not."""
        missing = page_is_missing()
        remark = f"The page is not started: {missing}"
        if missing and remark not in self.report.remarks:
            self.report.remarks.append(remark)
        return missing is None

    def _start_steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        repeats, rows = self._plan.start_repeats, self.report.rows
        yield "import", lambda: rows.append(measure_import(2 * repeats))
        photo = self._photo(FIRST_PHOTO)
        words = ["--backend", self._choice.backend, "--device", self._choice.device]
        words += ["--model", self._choice.model] if self._choice.model else []
        yield "first photo", lambda: rows.append(measure_first_photo(photo, words, repeats))
        if self._page_is_there():
            yield "page", lambda: rows.append(measure_page(repeats))

    def _cuda_steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "cuda", self._card

    def _card(self) -> None:
        if not has_card(self._segmenter):
            self.report.remarks.append(
                "CUDA is not measured: there is no graphics card on which PyTorch runs the network."
            )
            return
        from segmenter.benchmark.cuda import measure_card

        frames = list(self._stage.frames(*self._plan.video_sizes[-1], CARD_FRAMES))
        rows, remark = measure_card(self._segmenter, frames, self._plan.repeats)
        self.report.rows += rows
        self.report.remarks.append(remark)

    def _job(self, kind: str, source: Path, count: int) -> Job:
        return Job(kind=kind, source=str(source), background=str(self._background), count=count)

    def _photo(self, megapixels: int) -> Path:
        """Return a photo 4 wide and 3 high, of about so many pixels."""
        path = self._folder / f"photo-{megapixels}.jpg"
        unit = math.isqrt(megapixels * 750_000) // (3 * BLOCK) * BLOCK
        return path if path.exists() else self._stage.write_photo(path, 3 * unit, 4 * unit)

    def _clip(self, size: tuple[int, int]) -> Path:
        """Return a clip of as many frames as the plan has for a video."""
        path = self._folder / f"clip-{size_text(size)}.mp4"
        if path.exists():
            return path
        return self._stage.write_clip(path, *size, self._plan.frames)
