"""What decides a training run."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

from segmenter.errors import InvalidInput
from segmenter.nets import TORCHVISION_FORMS
from segmenter.training.losses import combine

PRECISIONS = ("auto", "float32", "bfloat16", "float16")
LARGEST_SIZE = 2048  # pixels; a batch of more fits into no memory
NOT_NEGATIVE = ("warm_up", "weight_decay", "encoder_rate", "patience", "workers", "seed")
LARGEST_SEED = 2**63 - 1  # that PyTorch takes
# These say where things lie or what is written about the run, not what it learns.
BESIDE_THE_POINT = frozenset({"data", "run", "tensorboard", "workers", "patience"})


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Two runs with equal options on the same kind of machine give the same weights.

    An epoch is a number of samples, since the supply is endless.
    """

    data: Path
    run: Path  # checkpoint.pt, log.csv and pictures/ live here
    architecture: str = "deeplabv3"
    samples: int = 60_000
    epoch: int = 2_000  # samples between two validations
    batch_size: int = 16
    size: int = 256  # side, in pixels, of the square with a training picture's area
    mean: float = 0.5  # pixels in [0, 1] are shifted and scaled by these before the net
    std: float = 0.5
    loss: str = "boundary+dice"  # see losses.combine
    learning_rate: float = 1e-3  # the peak, reached after the warm-up
    encoder_rate: float = 0.5  # of the learning rate, for an encoder that starts from ImageNet
    warm_up: int = 2_400  # samples
    weight_decay: float = 0.02
    gradient_norm: float = 1.0  # longer gradients are shortened to this
    averaging: float = 0.998  # of the exponential moving average of the weights, each step
    precision: str = "auto"
    seed: int = 1
    without: tuple[str, ...] = ()  # sources held out
    validation_share: float = 0.0  # of every source's pairs; scored after every epoch
    patience: int = 0  # epochs without a better validation score before stopping; 0: never
    encoder_weights: Path | None = None  # a state dict whose tensors match the encoder's in order
    start_from: Path | None = None  # weights of an earlier run (.safetensors)
    workers: int | None = None  # processes that make samples; None: by the machine's cores
    tensorboard: bool = False  # write events into run/tensorboard

    def __post_init__(self):
        """Refuse what can't be trained with."""
        self.require_numbers()
        if min(self.samples, self.batch_size, self.epoch) < 1:
            raise InvalidInput("samples, epoch and batch size must be at least 1")
        if not 64 <= self.size <= LARGEST_SIZE:
            raise InvalidInput(
                f"the size is {self.size}; choose at least 64 pixels, at most {LARGEST_SIZE}"
            )
        if not 0 <= self.validation_share < 1:
            raise InvalidInput(f"the validation share is in [0, 1), not {self.validation_share}")
        if not 0 <= self.averaging < 1:
            raise InvalidInput(f"averaging is in [0, 1), not {self.averaging}")
        if min(self.learning_rate, self.std, self.gradient_norm) <= 0:
            raise InvalidInput("learning rate, std and gradient norm must be positive")
        if self.patience and not self.validation_share:
            raise InvalidInput("patience needs a validation share: there is no score to wait for")
        if self.start_from and self.encoder_weights:
            raise InvalidInput(
                "weights to start from and the encoder's are given; the first hold an encoder, "
                "too: leave one out"
            )
        if self.precision not in PRECISIONS:
            raise InvalidInput(f"no precision {self.precision!r}; choose {', '.join(PRECISIONS)}")
        self.require_batches_to_learn_from()
        combine(self.loss)

    def require_numbers(self) -> None:
        """Refuse what is no number, or below zero where nothing can be."""
        for name, value in asdict(self).items():
            is_wrong = isinstance(value, float) and not math.isfinite(value)
            if is_wrong or (name in NOT_NEGATIVE and value is not None and value < 0):
                raise InvalidInput(
                    f"{name.replace('_', ' ')} is {value}; choose a number, 0 or more"
                )
        if self.seed > LARGEST_SEED:
            raise InvalidInput(f"the seed is {self.seed}; choose one up to {LARGEST_SEED}")

    def require_batches_to_learn_from(self) -> None:
        """Refuse batches of one sample for a network that can't learn from one.

        Torchvision's normalise what is pooled over the picture, one value a sample and channel.
        """
        if self.architecture not in TORCHVISION_FORMS:
            return
        if self.batch_size == 1:
            raise InvalidInput(
                f"{self.architecture} can't learn from batches of 1; choose 2 or more"
            )
        if self.samples % self.batch_size == 1:
            raise InvalidInput(
                f"{self.architecture} can't learn from a batch of 1, as the last of {self.samples} "
                f"samples in batches of {self.batch_size}; choose {self.samples + 1} samples"
            )

    def as_text(self) -> dict[str, str]:
        """Return every option as text, for the checkpoint."""
        return {name: str(value) for name, value in asdict(self).items()}

    def require_same(self, earlier: dict[str, str], checkpoint: Path) -> None:
        """Refuse to go on with a run that was begun with other options.

        Raises:
            InvalidInput: naming each difference.
        """
        mine = self.as_text()
        differences = [
            f"{name} was {earlier[name]}, now {mine[name]}"
            for name in mine.keys() & earlier.keys() - BESIDE_THE_POINT
            if earlier[name] != mine[name]
        ]
        if differences:
            raise InvalidInput(
                f"{checkpoint} was begun otherwise: {'; '.join(sorted(differences))}; give the "
                f"same options, or another folder for a new run"
            )
