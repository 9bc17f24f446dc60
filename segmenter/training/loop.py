"""The training run: one schedule counted in samples, resumed exactly from its last checkpoint."""

import sys
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from segmenter.device import count_threads
from segmenter.errors import InvalidDataset, InvalidInput, TrainingFailed, first_line
from segmenter.files import make_folder
from segmenter.training.data import PersonDataset
from segmenter.training.interrupts import held_back
from segmenter.training.log import Log
from segmenter.training.options import TrainOptions
from segmenter.training.pairs import Pair, evenly_spaced
from segmenter.training.run import Run
from segmenter.training.validation import answers_sheet, validate

CHECKPOINT_EVERY_S = 240
SHOWN_LOSSES = 100  # the progress bar's mean is over the last so many steps
TRAINING_PAIRS_SHOWN = 6


def train(options: TrainOptions) -> nn.Module:
    """Train, or finish training, and return the averaged net in evaluation mode.

    The run's folder then holds checkpoint.pt; best.pt, the averaged weights of the best epoch, when
    a validation share was held out; log.csv; and pictures/ of answers, one sheet an epoch.

    Args:
        options: the run; its folder's checkpoint, if any, is resumed.

    Raises:
        InvalidDataset: the data has faults; raised before anything is written into the folder.
        InvalidInput: the checkpoint is no such run's, or the options contradict each other.
        OutputFailed: the folder can't be written to, or is full.
        TrainingFailed: the loss is no number any more, the graphics card has no memory left, or a
            process that makes samples was ended by others.
    """
    make_folder(options.run)  # before a long look into the data
    # PyTorch counts the host's cores, of which a container may use few.
    torch.set_num_threads(count_threads())
    dataset = open_dataset(options)
    run = Run(options, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    run.resume()
    log = Log(options.run, tensorboard=options.tensorboard, seen=run.seen)
    try:
        go_on(run, dataset, log)
    except KeyboardInterrupt:
        run.save()
        tqdm.write("stopped: the same command goes on from here", file=sys.stderr)
        raise
    except torch.OutOfMemoryError as error:
        raise TrainingFailed(
            f"the graphics card has too little memory: {first_line(error)}; end what else uses it "
            "and give the same command again, or start a new run with a smaller batch size"
        ) from error
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        raise TrainingFailed(
            f"a process that makes samples was ended, perhaps for want of memory "
            f"({first_line(error).strip()}); give the same command again to go on, at best with "
            "fewer workers"
        ) from error
    finally:
        log.close()
    return run.average.net


def open_dataset(options: TrainOptions) -> PersonDataset:
    """Find and check the data of a run.

    Raises:
        InvalidDataset: it has faults.
        InvalidInput: a source to leave out is not there, or nothing can be held out for a score.
    """
    dataset = PersonDataset(
        options.data,
        size=options.size,
        batch_size=options.batch_size,
        seed=options.seed,
        without=options.without,
        validation_share=options.validation_share,
    )
    if options.validation_share and not dataset.validation:
        raise InvalidInput(
            f"of {options.data} no pair could be held out for a score: add pairs, two or more a "
            "source, or leave the validation share and the patience out"
        )
    return dataset


def go_on(run: Run, dataset: PersonDataset, log: Log) -> None:
    """Learn until the run's samples are seen, or its patience is at an end."""
    options = run.options
    watched = dataset.validation or evenly_spaced(all_pairs(dataset), TRAINING_PAIRS_SHOWN)
    run.net.train()
    if is_patience_over(run):
        return
    saved = time.monotonic()
    earlier = run.seconds
    with tqdm(total=options.samples, initial=run.seen, unit=" samples", smoothing=0.05) as bar:
        for batch in batches(make_loader(dataset, run.seen, options)):
            with held_back():
                epoch = run.seen // options.epoch
                run.step(*batch)
                bar.update(len(batch[0]))
                run.seconds = earlier + bar.format_dict["elapsed"]
                bar.set_postfix_str(postfix(run), refresh=False)
                if run.seen // options.epoch > epoch or run.seen >= options.samples:
                    end_epoch(run, log, watched, bool(dataset.validation))
                    if is_patience_over(run):
                        bar.write(f"no better for {options.patience} epochs: stopped; see best.pt")
                        return
                elif time.monotonic() - saved > CHECKPOINT_EVERY_S:
                    run.save()
                    saved = time.monotonic()


def make_loader(dataset: PersonDataset, seen: int, options: TrainOptions) -> DataLoader:
    """Return the batches from sample number `seen` on."""
    by_cores = min(12, max(1, count_threads() - 1))
    workers = by_cores if options.workers is None else options.workers
    return DataLoader(
        dataset,
        batch_size=options.batch_size,
        sampler=range(seen, options.samples),  # a resumed run sees what it would have
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        pin_memory=torch.cuda.is_available(),
        # Its own generator: drawing from the global one would move dropout after a resume.
        generator=torch.Generator(),
    )


def batches(loader: DataLoader) -> Iterator[list[Tensor]]:
    """Yield a loader's batches; a file's fault that a worker finds is told in its own sentence."""
    try:
        with held_back():  # while the workers start, they and what starts them would be lost
            iterator = iter(loader)
        yield from iterator
    except InvalidDataset as error:
        # From another process it comes as a whole traceback, which ends with it.
        sentence = str(error).rstrip().splitlines()[-1].rpartition("InvalidDataset: ")[2]
        raise InvalidDataset(sentence) from error


def all_pairs(dataset: PersonDataset) -> list[Pair]:
    """Return the photos of every source, to look at when none is held out."""
    return [pair for pairs in dataset.photos.values() for pair in pairs]


def end_epoch(run: Run, log: Log, watched: list[Pair], is_held_out: bool) -> None:
    """Score the averaged net, save, then log, so that a log tells only of what can be resumed."""
    net = run.average.net
    score = validate(net, watched, run.options) if is_held_out else None
    if score is not None and score > best_score(run):
        run.save_best()
    run.epochs.append(
        {
            "samples": run.seen,
            "loss": float(np.mean(run.losses or [np.nan])),
            "miou": score,
            "seconds": round(run.seconds, 1),
        }
    )
    run.losses = []
    run.save()
    rate = max(group["lr"] for group in run.optimiser.param_groups)
    log.add(run.epochs, rate, answers_sheet(net, watched, run.options))


def best_score(run: Run) -> float:
    """Return the best validation score so far; -1 before the first."""
    return max((epoch["miou"] for epoch in run.epochs if epoch["miou"] is not None), default=-1.0)


def is_patience_over(run: Run) -> bool:
    """Tell whether the last epochs, as many as the patience, brought no better score."""
    patience, scores = run.options.patience, [epoch["miou"] for epoch in run.epochs]
    return 0 < patience < len(scores) and max(scores[-patience:]) <= max(scores[:-patience])


def postfix(run: Run) -> str:
    """Say the loss of late, and the last validation score."""
    loss = f"loss {np.mean(run.losses[-SHOWN_LOSSES:]):.4f}" if run.losses else ""
    scores = [epoch["miou"] for epoch in run.epochs if epoch["miou"] is not None]
    return f"{loss}, mIoU {scores[-1]:.4f}" if scores else loss
