"""The training run: one schedule counted in samples, resumed exactly from its last checkpoint."""

import os
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from segmenter.errors import InvalidInput
from segmenter.nets import build
from segmenter.training.data import FromSample, PersonDataset
from segmenter.training.losses import matting_loss

# The encoder starts from ImageNet and needs smaller steps than the rest, which starts from noise.
ENCODER_RATE = 0.5
WARM_UP_STEPS = 150
GRADIENT_NORM = 1.0
AVERAGING = 0.998
CHECKPOINT_EVERY_S = 240


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What decides a run; two runs with equal options on the same device give the same weights."""

    data: Path
    run: Path  # checkpoint.pt and the log live here
    architecture: str = "deeplabv3"
    samples: int = 60_000
    batch_size: int = 16
    size: int = 256  # side, in pixels, of the square with a training picture's area
    mean: float = 0.5  # pixels in [0, 1] are shifted and scaled by these before the net
    std: float = 0.5
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    seed: int = 1
    without: tuple[str, ...] = ()  # sources held out
    encoder_weights: Path | None = None  # a state dict whose tensors match the encoder's in order
    start_from: Path | None = None  # weights of an earlier run (.safetensors)

    def __post_init__(self):
        """Refuse numbers that can't be trained with."""
        if min(self.samples, self.batch_size) < 1 or self.size < 64:
            raise InvalidInput("samples and batch size must be at least 1, size at least 64 pixels")


class Averaged:
    """An exponential moving average of a net's weights, better than those of the last step."""

    def __init__(self, net: nn.Module):
        self.net = deepcopy(net).eval().requires_grad_(False)

    def update(self, net: nn.Module, steps: int) -> None:
        """Move towards `net`; faster while the average is young."""
        keep = min(AVERAGING, (1 + steps) / (10 + steps))
        for mine, theirs in zip(
            self.net.state_dict().values(), net.state_dict().values(), strict=True
        ):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - keep)
            else:
                mine.copy_(theirs)


class Run:
    """Everything a checkpoint must hold: net, average, optimiser and how many samples were seen."""

    def __init__(self, options: TrainOptions, device: torch.device):
        torch.manual_seed(options.seed)
        self.options, self.device = options, device
        net = build(options.architecture)
        if options.start_from:
            load_weights(net, options.start_from)
        elif options.encoder_weights:
            load_encoder(net.encoder, options.encoder_weights)
        self.net = net.to(device, memory_format=torch.channels_last)
        self.average = Averaged(self.net)
        self.optimiser = torch.optim.AdamW(
            parameter_groups(self.net, options.learning_rate), weight_decay=options.weight_decay
        )
        for group in self.optimiser.param_groups:
            group["peak"] = group["lr"]
        self.seen = 0
        self.checkpoint = options.run / "checkpoint.pt"

    def save(self) -> None:
        """Write the checkpoint whole, over the last one."""
        part = self.checkpoint.with_suffix(".part")
        torch.save(
            {
                "net": self.net.state_dict(),
                "average": self.average.net.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "seen": self.seen,
                "random": torch.get_rng_state(),
                "options": {name: str(value) for name, value in asdict(self.options).items()},
            },
            part,
        )
        os.replace(part, self.checkpoint)

    def resume(self) -> None:
        """Go on from the checkpoint when there is one."""
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
            self.net.load_state_dict(state["net"])
            self.average.net.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.seen = state["seen"]
            torch.set_rng_state(state["random"].cpu())

    def step(self, image: Tensor, mask: Tensor, counts: Tensor) -> float:
        """Learn from one batch, all uint8 (N,C,h,w); return the loss."""
        self.set_rate()
        options = self.options
        batch = (image.to(self.device).float() / 255 - options.mean) / options.std
        batch = batch.contiguous(memory_format=torch.channels_last)
        # bfloat16 halves a step's time, on CPU too, and needs no loss scaling.
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.net(batch)
        target = mask.to(self.device).float() / 255
        loss = matting_loss(logits.float(), target, counts.to(self.device).float())
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), GRADIENT_NORM)
        self.optimiser.step()
        self.seen += len(image)
        self.average.update(self.net, self.seen // options.batch_size)
        return float(loss.detach())

    def set_rate(self) -> None:
        """Warm up, then fall along a cosine to a hundredth."""
        warm = min(1.0, (1 + self.seen / self.options.batch_size) / WARM_UP_STEPS)
        fall = 0.505 + 0.495 * float(np.cos(np.pi * min(1.0, self.seen / self.options.samples)))
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * warm * fall


def parameter_groups(net: nn.Module, rate: float) -> list[dict]:
    """Split the parameters: the encoder's learn more slowly, norms and biases do not decay."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        key = (name.startswith("encoder."), parameter.ndim > 1)
        groups.setdefault(key, []).append(parameter)
    return [
        {"params": parameters, "lr": rate * (ENCODER_RATE if in_encoder else 1.0)}
        | ({} if decays else {"weight_decay": 0.0})
        for (in_encoder, decays), parameters in groups.items()
    ]


def load_encoder(encoder: nn.Module, path: Path) -> None:
    """Copy a published classifier's tensors into `encoder`, in order; its last are left over."""
    published = torch.load(path, map_location="cpu", weights_only=True)
    own = encoder.state_dict()
    pairs = list(zip(own, published.values(), strict=False))
    wrong = [name for name, tensor in pairs if own[name].shape != tensor.shape]
    if wrong or len(pairs) < len(own):
        raise InvalidInput(
            f"{path} does not fit the encoder; expected EfficientNet-Lite0's state dict"
        )
    encoder.load_state_dict(dict(pairs))


def load_weights(net: nn.Module, path: Path) -> None:
    """Load released weights into `net`."""
    from safetensors.torch import load_file

    net.load_state_dict(load_file(path))


def train(
    options: TrainOptions, after_checkpoint: Callable[[nn.Module, int], str] | None = None
) -> nn.Module:
    """Train, or finish training, and return the averaged net in evaluation mode.

    Args:
        options: the run; its folder's checkpoint, if any, is resumed.
        after_checkpoint: told the averaged net and the samples seen; its answer goes into the log.
    """
    options.run.mkdir(parents=True, exist_ok=True)
    run = Run(options, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    run.resume()
    dataset = PersonDataset(
        options.data,
        size=options.size,
        batch_size=options.batch_size,
        seed=options.seed,
        without=options.without,
    )
    loader = DataLoader(
        dataset,
        batch_size=options.batch_size,
        sampler=FromSample(run.seen, options.samples),
        num_workers=min(12, max(1, (os.cpu_count() or 2) - 1)),
        prefetch_factor=4,
        # Its own generator: drawing from the global one would move dropout after a resume.
        generator=torch.Generator(),
    )
    run.net.train()
    losses, saved = [], time.monotonic()
    with tqdm(total=options.samples, initial=run.seen, unit=" samples", smoothing=0.05) as bar:
        for batch in loader:
            losses = [*losses[-99:], run.step(*batch)]
            bar.update(len(batch[0]))
            bar.set_postfix(loss=f"{np.mean(losses):.4f}", refresh=False)
            if time.monotonic() - saved > CHECKPOINT_EVERY_S:
                log_checkpoint(run, float(np.mean(losses)), after_checkpoint)
                saved = time.monotonic()
    log_checkpoint(run, float(np.mean(losses)) if losses else 0.0, after_checkpoint)
    return run.average.net


def log_checkpoint(
    run: Run, loss: float, after_checkpoint: Callable[[nn.Module, int], str] | None
) -> None:
    """Save, and add to the run's log.csv: samples, loss, what `after_checkpoint` says."""
    run.save()
    remark = after_checkpoint(run.average.net, run.seen) if after_checkpoint else ""
    with (run.options.run / "log.csv").open("a") as log:
        log.write(f"{run.seen},{loss:.5f},{remark}\n")
