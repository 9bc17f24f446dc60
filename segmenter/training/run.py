"""A training run's state: everything a checkpoint must hold to go on exactly."""

import logging
from contextlib import AbstractContextManager
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from segmenter.errors import InvalidInput, TrainingFailed
from segmenter.training.checkpoint import read_checkpoint, write_checkpoint
from segmenter.training.depthwise import hasten
from segmenter.training.losses import combine
from segmenter.training.options import TrainOptions
from segmenter.training.start import initial_net

FINAL_RATE = 0.01  # of the peak
MOST_LEFT_OUT = 20

log = logging.getLogger(__name__)


class Averaged:
    """An exponential moving average of a net's weights, better than those of the last step."""

    def __init__(self, net: nn.Module, keep: float):
        self.net = deepcopy(net).eval().requires_grad_(False)
        self.keep = keep

    def update(self, net: nn.Module, steps: int) -> None:
        """Move towards `net`; faster while the average is young."""
        keep = min(self.keep, (1 + steps) / (10 + steps))
        for mine, theirs in zip(
            self.net.state_dict().values(), net.state_dict().values(), strict=True
        ):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - keep)
            else:
                mine.copy_(theirs)


class Run:
    """Net, average, optimiser, the samples seen, the epoch's losses and the epochs so far."""

    def __init__(self, options: TrainOptions, device: torch.device):
        torch.manual_seed(options.seed)
        self.options, self.device = options, device
        self.loss = combine(options.loss)
        self.net = initial_net(options).to(device, memory_format=torch.channels_last)
        self.average = Averaged(self.net, options.averaging)
        self.optimiser = torch.optim.AdamW(
            parameter_groups(self.net, options), weight_decay=options.weight_decay
        )
        for group in self.optimiser.param_groups:
            group["peak"] = group["lr"]
        self.precision = choose_precision(options.precision, device)
        if self.precision is torch.bfloat16 and device.type == "cpu":
            hasten(self.net)
        # float16 alone is so narrow that small gradients need scaling up.
        self.scaler = torch.amp.GradScaler(
            device.type, enabled=self.precision is torch.float16 and device.type == "cuda"
        )
        self.seen = 0
        self.left_out = 0  # steps in a row that gave no number
        self.seconds = 0.0  # spent learning, before a resume too
        self.losses: list[float] = []
        self.epochs: list[dict[str, float | None]] = []
        self.checkpoint = options.run / "checkpoint.pt"

    def save(self) -> None:
        """Write the checkpoint whole, over the last one.

        While steps give no number the last one stays, which is from before them. At the run's end
        it is written all the same, since nothing would be saved after it.
        """
        if self.left_out and self.seen < self.options.samples:
            return
        write_checkpoint(
            self.checkpoint,
            {
                "net": self.net.state_dict(),
                "average": self.average.net.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "scaler": self.scaler.state_dict(),
                "seen": self.seen,
                "seconds": self.seconds,
                "losses": self.losses,
                "epochs": self.epochs,
                "random": torch.get_rng_state(),
                "cuda_random": torch.cuda.get_rng_state_all() if self.on_cuda else [],
                "options": self.options.as_text(),
            },
        )

    def save_best(self) -> None:
        """Write the averaged weights alone beside the checkpoint, as best.pt."""
        best = {"average": self.average.net.state_dict(), "options": self.options.as_text()}
        write_checkpoint(self.checkpoint.with_name("best.pt"), best | {"seen": self.seen})

    @property
    def on_cuda(self) -> bool:
        """Whether the run uses a GPU."""
        return self.device.type == "cuda"

    def resume(self) -> None:
        """Go on from the checkpoint when there is one.

        Raises:
            InvalidInput: it can't be read, or was begun with other options.
        """
        if not self.checkpoint.exists():
            return
        state = read_checkpoint(self.checkpoint)
        if "net" not in state:
            raise InvalidInput(
                f"{self.checkpoint} holds averaged weights alone, as best.pt does, from which no "
                "run goes on; give another folder for a new run, and export these to start from"
            )
        self.options.require_same(state["options"], self.checkpoint)
        if state["options"].get("data") != str(self.options.data):
            log.warning(
                "%s was begun with the data in %s; to learn from %s alone choose another folder",
                *(self.checkpoint, state["options"].get("data"), self.options.data),
            )
        self.net.load_state_dict(state["net"])
        self.average.net.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        if state["scaler"]:  # a run begun on a CPU has none, and may go on on a card
            self.scaler.load_state_dict(state["scaler"])
        self.seen, self.losses, self.epochs = state["seen"], state["losses"], state["epochs"]
        self.seconds = state.get("seconds", 0.0)  # older checkpoints lack it
        torch.set_rng_state(state["random"])
        if self.on_cuda:  # this machine may have fewer cards
            torch.cuda.set_rng_state_all(state["cuda_random"][: torch.cuda.device_count()])

    def step(self, image: Tensor, mask: Tensor, counts: Tensor) -> float:
        """Learn from one batch, all uint8 (N,C,h,w); return the loss."""
        self.set_rate()
        image, mask, counts = (
            part.to(self.device, non_blocking=True) for part in (image, mask, counts)
        )
        batch = (image.float() / 255 - self.options.mean) / self.options.std
        with self.mixed_precision():
            logits = self.net(batch.contiguous(memory_format=torch.channels_last))
        loss = self.loss(logits.float(), mask.float() / 255, counts.float())
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        length = nn.utils.clip_grad_norm_(self.net.parameters(), self.options.gradient_norm)
        self.seen += len(image)
        # With a scaler gradients without numbers are common, and it leaves them out by itself.
        found = loss.detach() if self.scaler.is_enabled() else length + loss.detach()
        if not torch.isfinite(found):
            self.scaler.update()
            self.leave_out()
            return float(loss.detach())
        self.left_out = 0
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.average.update(self.net, self.seen // self.options.batch_size)
        self.losses.append(float(loss.detach()))
        return self.losses[-1]

    def leave_out(self) -> None:
        """Pass over a step that gave no number, and put back the statistics it may have spoilt.

        Raises:
            TrainingFailed: it is one of many in a row.
        """
        self.left_out += 1
        if self.left_out >= MOST_LEFT_OUT:
            is_kept = self.checkpoint.exists()
            kept = f"{self.checkpoint} is from before them: " if is_kept else ""
            raise TrainingFailed(
                f"{self.left_out} steps in a row gave no number; {kept}start a new run"
                f"{' from its weights' if is_kept else ''}, with a lower learning rate than "
                f"{self.options.learning_rate:g} or in float32"
            )
        for mine, kept in zip(self.net.buffers(), self.average.net.buffers(), strict=True):
            if not torch.isfinite(mine).all():
                mine.copy_(kept)

    def mixed_precision(self) -> AbstractContextManager:
        """Compute in the chosen precision what bears it."""
        return torch.autocast(
            self.device.type, self.precision, enabled=self.precision is not torch.float32
        )

    def set_rate(self) -> None:
        """Warm up, then fall along a cosine (Loshchilov and Hutter 2017, arXiv:1608.03983)."""
        options = self.options
        warm = min(1.0, (options.batch_size + self.seen) / max(1, options.warm_up))
        phase = np.cos(np.pi * min(1.0, self.seen / options.samples))
        fall = FINAL_RATE + (1 - FINAL_RATE) * (1 + float(phase)) / 2
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * warm * fall


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Return what to compute in; `auto` takes bfloat16 where it is fast."""
    if name != "auto":
        return getattr(torch, name)
    if device.type == "cuda":
        # Older cards bear it too, but calculate in float32.
        is_fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if is_fast else torch.float16
    # On a CPU without instructions for it bfloat16 is slower than float32.
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    fast = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return torch.bfloat16 if fast else torch.float32


def parameter_groups(net: nn.Module, options: TrainOptions) -> list[dict]:
    """Split the parameters: a pre-trained encoder's learn slowly; norms and biases don't decay."""
    pretrained = bool(options.encoder_weights or options.start_from)
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        key = (pretrained and name.startswith("encoder."), parameter.ndim > 1)
        groups.setdefault(key, []).append(parameter)
    rate = options.learning_rate
    return [
        {"params": parameters, "lr": rate * (options.encoder_rate if slowly else 1.0)}
        | ({} if decays else {"weight_decay": 0.0})
        for (slowly, decays), parameters in groups.items()
    ]
