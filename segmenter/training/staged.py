"""Staged clips: cut-outs that move before a background, so that every frame's alpha is known.

Each scene shows one thing that a video does and that steadying must not spoil. People move on
smooth paths and sway; then the camera adds its noise and each frame is compressed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from segmenter.arrays import Alpha, Frame
from segmenter.foreground import estimate_foreground
from segmenter.training.pairs import Pair, check_pairs, find_cast
from segmenter.training.pictures import read_image

HEIGHT, WIDTH = 240, 432
LENGTH = 40  # frames
STEP = 20  # the frame at which somebody appears, or a cut is made
TAKES = 2  # of each scene, with other people and backgrounds
PERSON_HEIGHT = (0.7, 0.95)  # of the frame's; where the cut-out ends, the frame does too
NOISE = (2.0, 6.0)  # standard deviation of a sensor's noise, levels of 255
JPEG_QUALITY = (60, 90)
MARGIN = 0.35  # of the frame's size, by which a background is wider: room for a pan


@dataclass(frozen=True)
class Scene:
    """What happens: how far people and the camera move, in pixels, and what changes at STEP."""

    reach_px: float = 0.0  # of a person's swing to either side
    swings: float = 0.5  # in the whole clip
    pan_px: float = 0.0  # of the camera, in a frame
    appears: bool = False  # a second person, from one frame to the next
    cuts: bool = False  # to another person before another background


SCENES = {
    "still": Scene(),
    "slow": Scene(reach_px=15),
    "fast": Scene(reach_px=80, swings=1.0),
    "appears": Scene(reach_px=4, appears=True),
    "pan": Scene(reach_px=8, pan_px=2.5),
    "cut": Scene(reach_px=8, cuts=True),
}


@dataclass(frozen=True)
class Clip:
    """Frames that follow each other, with their true alphas."""

    name: str
    frames: list[Frame]
    truths: list[Alpha]  # of the frames' size
    step: int | None = None  # number of the frame that suddenly shows somebody


class Stage:
    """The people and places of a training folder, for clips made on the fly."""

    def __init__(self, folder: Path):
        """Find and check the files of `folder`/cutouts and `folder`/backgrounds.

        Raises:
            InvalidDataset: one of them is missing or empty, or a file has a fault.
        """
        self.people, self.backgrounds = find_cast(folder)
        check_pairs(self.people, self.backgrounds)

    def clips(self, seed: int = 0, takes: int | None = None) -> Iterator[Clip]:
        """Yield each scene so many times, the same for the same seed and files."""
        for scene_number, (name, scene) in enumerate(SCENES.items()):
            for take in range(TAKES if takes is None else takes):
                rng = np.random.default_rng((seed, scene_number, take))
                yield self.play(f"{name} {take + 1}", scene, rng)

    def play(self, name: str, scene: Scene, rng: Generator) -> Clip:
        """Film one scene."""
        shot = self.shot(scene, rng)
        later = self.shot(scene, rng) if scene.cuts else shot
        noise, quality = float(rng.uniform(*NOISE)), int(rng.integers(*JPEG_QUALITY))
        frames, truths = [], []
        for time in range(LENGTH):
            picture, alpha = (later if scene.cuts and time >= STEP else shot).at(time)
            frames.append(film(picture, noise, quality, rng))
            truths.append(alpha)
        return Clip(name, frames, truths, STEP if scene.appears or scene.cuts else None)

    def shot(self, scene: Scene, rng: Generator) -> "Shot":
        """Choose a place and one or two people."""
        place = widened(read_image(self.backgrounds[rng.integers(len(self.backgrounds))]))
        middles = (0.3, 0.7) if scene.appears else (float(rng.uniform(0.35, 0.65)),)
        actors = [
            Actor.cast(self.people[rng.integers(len(self.people))], scene, middle, rng)
            for middle in middles
        ]
        return Shot(scene, place, actors)


@dataclass(frozen=True)
class Actor:
    """A person with a path."""

    colours: np.ndarray  # (h, w, 3) uint8, free of the old backdrop
    alpha: np.ndarray  # (h, w) uint8
    scale: float
    middle: float  # of the path, as a part of the frame's width
    reach_px: float
    swings: float
    phase: float  # of the path, radians
    sway_degrees: float

    @classmethod
    def cast(cls, pair: Pair, scene: Scene, middle: float, rng: Generator) -> "Actor":
        """Prepare a cut-out."""
        image, alpha = pair.read()
        colours = estimate_foreground(image, alpha.astype(np.float32) / 255)
        _, top, _, tall = cv2.boundingRect((alpha > 127).astype(np.uint8))
        # From the head to the photo's lower edge, where most are cut off.
        scale = float(rng.uniform(*PERSON_HEIGHT)) * HEIGHT / max(1, alpha.shape[0] - top)
        return cls(
            colours=colours,
            alpha=alpha if tall else np.zeros_like(alpha),
            scale=scale,
            middle=middle,
            reach_px=scene.reach_px,
            swings=scene.swings,
            phase=float(rng.uniform(0, 2 * np.pi)),
            sway_degrees=1.5 if scene.reach_px else 0.0,
        )

    def at(self, time: int, shift_px: float) -> tuple[np.ndarray, Alpha]:
        """Return colours (H, W, 3) and coverage (H, W), both float32, of one moment."""
        angle = 2 * np.pi * self.swings * time / LENGTH + self.phase
        turn = np.deg2rad(self.sway_degrees * np.sin(1.7 * angle))
        across = self.scale * np.array([np.cos(turn), -np.sin(turn)])
        down = self.scale * np.array([np.sin(turn), np.cos(turn)])
        height, width = self.alpha.shape
        foot = np.array([width / 2, height])  # turns about it
        x = self.middle * WIDTH + self.reach_px * np.sin(angle) + shift_px
        matrix = np.array([[*across, x - across @ foot], [*down, HEIGHT + 2 - down @ foot]])
        colours = cv2.warpAffine(
            self.colours, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE
        )
        alpha = cv2.warpAffine(self.alpha, matrix, (WIDTH, HEIGHT))
        return colours.astype(np.float32), alpha.astype(np.float32) / 255


@dataclass(frozen=True)
class Shot:
    """A place with people in it; the last of two appears at STEP."""

    scene: Scene
    place: Frame  # wider than the frame
    actors: list[Actor]

    def at(self, time: int) -> tuple[np.ndarray, Alpha]:
        """Return the picture (H, W, 3) float32 and the true alpha (H, W) of one moment."""
        pan = self.scene.pan_px * (time - LENGTH / 2)
        slack_y, slack_x = (self.place.shape[0] - HEIGHT) / 2, (self.place.shape[1] - WIDTH) / 2
        matrix = np.array([[1, 0, -slack_x - pan], [0, 1, -slack_y]])
        picture = cv2.warpAffine(
            self.place, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT_101
        ).astype(np.float32)
        covered = np.zeros((HEIGHT, WIDTH), np.float32)
        for number, actor in enumerate(self.actors):
            if number and time < STEP:
                continue
            # Whoever walks is kept in view by half.
            colours, alpha = actor.at(time, -pan / 2)
            picture = alpha[..., None] * colours + (1 - alpha[..., None]) * picture
            covered = alpha + (1 - alpha) * covered
        return picture, covered


def widened(picture: Frame) -> Frame:
    """Scale a background to cover the frame and the room a pan needs."""
    height, width = HEIGHT * (1 + MARGIN), WIDTH * (1 + MARGIN)
    scale = max(height / picture.shape[0], width / picture.shape[1])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    shrinks = scale < 1
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def film(picture: np.ndarray, noise: float, quality: int, rng: Generator) -> Frame:
    """Add a sensor's noise to (H, W, 3) float32 and compress; return uint8."""
    noisy = picture + noise * rng.standard_normal(picture.shape, np.float32)
    frame = np.rint(np.clip(noisy, 0, 255)).astype(np.uint8)
    _, coded = cv2.imencode(
        ".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
