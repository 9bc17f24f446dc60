"""Training samples: photos with masks, cut-outs on backgrounds, and pictures of nobody.

A data folder holds one folder per source:

    <source>/images/*.jpg + <source>/masks/*.png   photos, each with a mask of the same stem
    cutouts/images + cutouts/masks                 people on a plain backdrop, with soft alpha
    backgrounds/*.jpg                              pictures without people

Without sources of its own it is one source: images/ and masks/ lie in it directly. The last two
are optional, and have no validation pairs: a plain backdrop says little about real photos.
"""

import logging
import os
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch.utils.data import Dataset

from segmenter.errors import InvalidDataset, InvalidInput
from segmenter.training.augment.bars import put_bars
from segmenter.training.augment.camera import SHAKE_CHANCE, shake, simulate_camera
from segmenter.training.augment.compose import composite, group, is_whole
from segmenter.training.augment.objects import put_object
from segmenter.training.augment.plain import plain_backdrop
from segmenter.training.augment.views import Sample, random_backdrop, random_view
from segmenter.training.pairs import Pair, check_pairs, find_pairs, split
from segmenter.training.pictures import entries, find_folder, find_pictures, read_image

# How often each kind of sample is drawn; only the ones whose folders exist count.
SHARES = {
    "portraits": 0.24,
    "street": 0.22,
    "faces": 0.22,
    "selfies": 0.12,
    "groups": 0.02,
    "composites": 0.30,
    "nobody": 0.04,
}
OTHER_SHARE = 0.2  # of any further folder of photos
NO_SOURCES = frozenset(("cutouts", "backgrounds"))
MADE = ("composites", "nobody")  # kinds of samples that are made, not read
# Not the run's seed: what one run holds out, no other run may learn from before it is scored.
SPLIT_SEED = 1
# Composites take their people from the cut-outs this often, else from the photos with masks.
CUTOUT_SHARE = 0.65
# So often a ground is drawn rather than a picture, and has nothing on it.
PLAIN_SHARE = 0.12
BARS_CHANCE = 0.05
CROWD = (0.77, 0.16, 0.07)  # chances of one, two, three people in a composite
# So many composites are of a small group far away, of photos that show people whole.
GROUP_SHARE, LARGEST_GROUP, TRIES = 0.25, 5, 20
# How often a thing is put before a photo, behind a composite's people, and in front of them. Things
# behind teach the network that not everything that is pasted in is a person.
OBJECT_SHARE_PHOTOS, OBJECT_SHARE_BEHIND, OBJECT_SHARE_FRONT = 0.06, 0.25, 0.25
# Multiples of (8, 6), (1, 1)...: every aspect that photos, phones and webcams have, at equal cost.
ASPECTS = ((4, 3), (1, 1), (3, 4), (3, 2), (9, 16))

# Multiples of the size asked for: one network serves webcams, videos and photos.
SCALES = (0.6, 0.8, 1.0, 1.0, 1.25)

log = logging.getLogger(__name__)


def choose_size(batch_index: int, seed: int, size: int) -> tuple[int, int]:
    """Return a batch's height and width: multiples of 32, area about `size` squared."""
    rng = np.random.default_rng((seed, batch_index, 1))
    rows, columns = ASPECTS[rng.integers(len(ASPECTS))]
    side = size * float(rng.choice(SCALES))
    height, width = side * (rows / columns) ** 0.5, side * (columns / rows) ** 0.5
    return round(height / 32) * 32, round(width / 32) * 32


def find_sources(folder: Path, without: Sequence[str] = ()) -> dict[str, list[Pair]]:
    """Return the photos with masks of `folder`, which is one source or holds several, by name.

    Raises:
        InvalidDataset: there is none, or one lacks a folder or a file.
        InvalidInput: there is no such source to leave out.
    """
    if is_source(folder):
        sources = {folder.resolve().name: find_pairs(folder)}
        tell_left_out(folder)
    else:
        sources = {
            path.name: find_pairs(path)
            for path in entries(folder)
            if path.is_dir() and path.name.lower() not in NO_SOURCES and is_source(path)
        }
    if taken := [name for name in MADE if name in sources]:
        raise InvalidDataset(
            f"{folder} holds a source called {taken[0]}, as samples are that are made of "
            "backgrounds; rename it"
        )
    if unknown := [name for name in without if name not in sources]:
        raise InvalidInput(
            f"can't leave out {', '.join(unknown)}: {folder} holds {', '.join(sources) or 'none'}"
        )
    if not sources.keys() - without:
        raise InvalidDataset(
            f"{folder} holds no source of photos; put them into {folder / 'images'} and their "
            f"masks into {folder / 'masks'}, or into such folders in {folder / 'NAME'}"
        )
    return {name: pairs for name, pairs in sources.items() if name not in without}


def is_source(folder: Path) -> bool:
    """Tell whether a folder holds images/, masks/ or both; find_pairs says what it lacks."""
    return bool(find_folder(folder, "images") or find_folder(folder, "masks"))


def tell_left_out(source: Path) -> None:
    """Name the sources within a source, which are not learned from."""
    names = [
        path.name
        for path in entries(source)
        if path.name.lower() not in NO_SOURCES and os.path.isdir(path / "images")
    ]
    if names:
        log.warning(
            "%s holds photos itself, so those in %s are left out; to learn from all, move its "
            "images and masks into a folder beside them",
            source,
            ", ".join(names),
        )


class PersonDataset(Dataset):
    """Sample number `index` of an endless supply, the same for the same seed on every machine.

    Attributes:
        photos: the pairs of each source that samples are drawn from.
        validation: the held-out pairs of all sources, of which no sample is drawn.
    """

    def __init__(
        self,
        folder: Path,
        *,
        size: int,
        batch_size: int,
        seed: int,
        without: tuple[str, ...] = (),
        validation_share: float = 0.0,
    ):
        """Find every file and look into each; a second for 1,500 small ones.

        Args:
            folder: one source, or a folder of sources, as at the top of this file.
            size: side of the square, in pixels, with a sample's area.
            batch_size: so many samples in a row have one size.
            seed: of all that is random.
            without: names of sources left out.
            validation_share: of each source's pairs, held out; 0 to below 1.

        Raises:
            InvalidDataset: there is no source, or a file has a fault.
            InvalidInput: the share makes no sense, or there is no such source to leave out.
        """
        self.size, self.batch_size, self.seed = size, batch_size, seed
        sources = find_sources(folder, without)
        cutouts, backgrounds = find_folder(folder, "cutouts"), find_folder(folder, "backgrounds")
        self.cutouts = find_pairs(cutouts) if cutouts else []
        self.backgrounds = find_pictures(backgrounds) if backgrounds else []
        check_pairs([*chain(*sources.values()), *self.cutouts], self.backgrounds)
        self.photos: dict[str, list[Pair]] = {}
        self.validation: list[Pair] = []
        for name, pairs in sources.items():
            self.photos[name], held_out = split(pairs, validation_share, SPLIT_SEED)
            self.validation += held_out
        self.shares = {name: SHARES.get(name, OTHER_SHARE) for name in self.photos}
        if self.backgrounds:
            self.shares |= {name: SHARES[name] for name in MADE}

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return image (3,h,w), mask (1,h,w) and whether each pixel counts (1,h,w), all uint8."""
        rng = np.random.default_rng((self.seed, index))
        height, width = choose_size(index // self.batch_size, self.seed, self.size)
        names, shares = zip(*self.shares.items(), strict=True)
        kind = names[rng.choice(len(names), p=np.array(shares) / sum(shares))]
        sample = self.draw(kind, height, width, rng)
        if rng.random() < SHAKE_CHANCE:
            sample = shake(sample, rng)
        if rng.random() < BARS_CHANCE:
            sample = put_bars(sample, rng)
        # torchvision's transforms draw from the global generator, which dropout needs undisturbed.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            image = simulate_camera(
                torch.from_numpy(sample.image).permute(2, 0, 1).contiguous(), rng
            )
        return image, torch.from_numpy(sample.mask)[None], torch.from_numpy(sample.counts)[None]

    def draw(self, kind: str, height: int, width: int, rng: Generator) -> Sample:
        """Make one sample of a kind: the name of a source, `composites` or `nobody`."""
        if kind in self.photos:
            sample = random_view(*pick(self.photos[kind], rng).read(), height, width, rng)
            return self.add_object(sample, OBJECT_SHARE_PHOTOS, rng)
        ground = Sample.of_background(self.draw_background(height, width, rng))
        ground = self.add_object(ground, OBJECT_SHARE_BEHIND, rng)
        if kind == "nobody":
            return ground
        if rng.random() < GROUP_SHARE and (whole := self.draw_whole_people(rng)):
            sample = group(ground.image, whole, rng)
        else:
            people = [self.draw_person(rng) for _ in range(1 + rng.choice(len(CROWD), p=CROWD))]
            sample = composite(ground.image, [pair.read() for pair in people], rng)
        return self.add_object(sample, OBJECT_SHARE_FRONT, rng)

    def draw_background(self, height: int, width: int, rng: Generator) -> np.ndarray:
        """Return a view (height, width, 3) of a picture without people, or a plain ground."""
        if rng.random() < PLAIN_SHARE:
            return plain_backdrop(height, width, rng)
        return random_backdrop(read_image(pick(self.backgrounds, rng)), height, width, rng)

    def add_object(self, sample: Sample, share: float, rng: Generator) -> Sample:
        """Put a thing in front of all at times; it is made of a background picture."""
        if not self.backgrounds or rng.random() >= share:
            return sample
        return put_object(sample, self.draw_background(*sample.mask.shape, rng), rng)

    def draw_person(self, rng: Generator) -> Pair:
        """Choose somebody to stand before another background."""
        if self.cutouts and rng.random() < CUTOUT_SHARE:
            return pick(self.cutouts, rng)
        return self.draw_photo(rng)

    def draw_photo(self, rng: Generator) -> Pair:
        """Choose a photo of somebody."""
        # Crowds behind the marked players would come along; single people only.
        names = [name for name in self.photos if name != "groups"] or list(self.photos)
        return pick(self.photos[pick(names, rng)], rng)

    def draw_whole_people(self, rng: Generator) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return photos and masks of a few people who are seen from head to toe; none at worst."""
        tried = (self.draw_photo(rng) for _ in range(TRIES))
        whole = (pair.read() for pair in tried if is_whole(pair.read_mask()))
        return list(islice(whole, int(rng.integers(1, LARGEST_GROUP + 1))))


def pick(items: list, rng: Generator):
    """Choose one item at random."""
    return items[rng.integers(len(items))]
