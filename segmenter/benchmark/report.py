"""What was measured, as Markdown for people and as JSON for programs."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from segmenter.benchmark.cost import Cost
from segmenter.benchmark.stages import ORDER
from segmenter.benchmark.timing import Row

PACKAGES = {"onnxruntime": "onnxruntime", "torch": "torch", "opencv": "opencv-python-headless"}
ARCHITECTURE_WORDS = {"avx512_vnni": "AVX-512 VNNI", "avx512f": "AVX-512", "avx2": "AVX2"}


@dataclass
class Report:
    """All rows of one run, in order, and what could not be measured."""

    device: str
    machine: dict[str, str | float]
    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    cost: Cost = field(default_factory=Cost)

    def of(self, part: str) -> list[Row]:
        """Return the rows of one part."""
        return [row for row in self.rows if row.part == part]

    def to_json(self) -> str:
        """Return all for a program to read."""
        lines = {"photo": self.cost.photo_line(), "video": self.cost.video_line()}
        return json.dumps(
            {
                "device": self.device,
                **self.machine,
                "rows": [asdict(row) for row in self.rows],
                "cost": {
                    **asdict(self.cost),
                    "lines": {name: asdict(line) for name, line in lines.items() if line},
                },
                "remarks": self.remarks,
            },
            indent=1,
        )

    def to_markdown(self) -> str:
        """Return tables, one for each part that was measured."""
        facts = ", ".join(f"{name} {value}" for name, value in self.machine.items())
        parts = [
            f"{self.device}; {facts}. Milliseconds: the median, and in brackets the 95th "
            "percentile.",
            matrix("The network alone", "backend", self.of("network")),
            matrix("Stages, one after the other", "stage", self.of("stage"), ORDER),
            whole_table(self.of("whole")),
            start_table(self.of("start")),
            cuda_table(self.of("cuda")),
            *cost_lines(self.cost),
            *self.remarks,
        ]
        return "\n\n".join(filter(None, parts))


def describe_machine() -> dict[str, str | float]:
    """Describe what the numbers are measured on, and how busy it is with other work."""
    facts: dict[str, str | float] = {"processor": processor(), "python": platform.python_version()}
    for word, package in PACKAGES.items():
        try:
            facts[word] = version(package)
        except PackageNotFoundError:
            continue
    if hasattr(os, "getloadavg"):
        facts["load before"] = round(os.getloadavg()[0], 1)
    return facts


def processor() -> str:
    """Return the processor's model where the system tells, and its widest instructions."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    told = {name.strip(): value.strip() for name, value in told.items()}
    name = told.get("model name") or platform.processor() or platform.machine()
    flags = told.get("flags", "").split()
    widest = next((words for flag, words in ARCHITECTURE_WORDS.items() if flag in flags), None)
    return f"{name} ({widest})" if widest else name


def matrix(title: str, corner: str, rows: list[Row], order: Sequence[str] = ()) -> str:
    """Return a table of what was measured against where; `order` sorts it, downwards."""
    places = list(dict.fromkeys(row.where for row in rows))
    cells = {(row.what, row.where): median_and_p95(row) for row in rows}
    names = sorted({row.what for row in rows}, key=order.index) if order else []
    body = [
        [what, *(cells.get((what, where), "") for where in places)]
        for what in names or dict.fromkeys(row.what for row in rows)
    ]
    return titled(title, [corner, *places], body)


def median_and_p95(row: Row) -> str:
    """Write the median, and in brackets the 95th percentile."""
    return f"{digits(row.median_ms)} ({digits(row.p95_ms)})"


def digits(value: float) -> str:
    """Write about three digits of a number of 0 or more."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def whole_table(rows: list[Row]) -> str:
    """Return the table of what was measured end to end."""
    heads = ["what", "each", "a second", "memory, MB", "beyond bare", "ffmpeg, MB"]
    body = [
        [
            f"{row.what}, {row.where}",
            median_and_p95(row),
            digits(row.per_s),
            *(str(value or "") for value in (row.memory_mb, row.beyond_mb, row.ffmpeg_mb)),
        ]
        for row in rows
    ]
    words = "End to end, from file to file or JPEG to JPEG; memory is the most that was held"
    return titled(words, heads, body)


def start_table(rows: list[Row]) -> str:
    """Return the table of waits at the start, in seconds."""
    body = [[row.what, f"{row.median_ms / 1000:.2f}", f"{row.p95_ms / 1000:.2f}"] for row in rows]
    return titled("Start, each in a new process", ["what", "median s", "p95 s"], body)


def cuda_table(rows: list[Row]) -> str:
    """Return the table of the graphics card's work."""
    heads = ["what", "a frame", "a second", "floor, ms", "times the floor"]
    body = [
        [
            f"{row.what}, {row.where}",
            f"{row.median_ms:.3f} ({row.p95_ms:.3f})",
            digits(row.per_s),
            f"{row.floor_ms:.4f}",
            digits(1000 / row.per_s / row.floor_ms),
        ]
        for row in rows
    ]
    return titled("On the graphics card, without decoding and encoding", heads, body)


def cost_lines(cost: Cost) -> list[str]:
    """Return how cost grows, in a sentence each."""
    told = []
    if line := cost.photo_line():
        told.append(
            f"Photos: {line.start:.0f} ms and {line.slope:.1f} ms a megapixel "
            f"(R² {line.r_squared:.3f})."
        )
    if line := cost.video_line():
        told.append(
            f"Video, {cost.video_size}: {1000 * line.slope:.1f} ms a frame "
            f"(R² {line.r_squared:.3f})."
        )
    return told


def titled(title: str, heads: list[str], body: list[list[str]]) -> str:
    """Return a Markdown table under its title; nothing without rows."""
    return f"{title}:\n\n{table(heads, body)}" if body else ""


def table(heads: list[str], body: Iterable[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
