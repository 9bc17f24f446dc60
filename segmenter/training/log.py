"""What a run tells while it goes: log.csv, pictures of its answers, TensorBoard events."""

import csv
from pathlib import Path

from segmenter.arrays import Frame
from segmenter.errors import MissingExtra
from segmenter.files import finished
from segmenter.images import save_image

COLUMNS = ("samples", "loss", "miou", "seconds")
Epoch = dict[str, float | None]


def write_csv(path: Path, epochs: list[Epoch]) -> None:
    """Write all epochs anew, so that a resumed run leaves no line twice."""
    with finished(path) as part, part.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(epochs)


class Log:
    """Writes into a run's folder after every epoch."""

    def __init__(self, folder: Path, *, tensorboard: bool, seen: int):
        self.folder = folder
        self.events = open_events(folder / "tensorboard", seen) if tensorboard else None

    def add(self, epochs: list[Epoch], rate: float, sheet: Frame | None) -> None:
        """Tell of the last of `epochs`; `rate` is the learning rate, `sheet` its pictures."""
        write_csv(self.folder / "log.csv", epochs)
        last = epochs[-1]
        samples = int(last["samples"])
        if sheet is not None:
            save_image(self.folder / "pictures" / f"{samples:07d}.jpg", sheet)
        if self.events:
            for name, value in (last | {"rate": rate}).items():
                if name != "samples" and value is not None:
                    self.events.add_scalar(name, value, samples)
            if sheet is not None:
                self.events.add_image("answers", sheet, samples, dataformats="HWC")
            self.events.flush()

    def close(self) -> None:
        """Let go of the event file."""
        if self.events:
            self.events.close()


def open_events(folder: Path, seen: int):
    """Return a TensorBoard writer that forgets what an interrupted run wrote after `seen`."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtra("--tensorboard needs tensorboard: pip install tensorboard") from error
    return SummaryWriter(str(folder), purge_step=seen + 1)
