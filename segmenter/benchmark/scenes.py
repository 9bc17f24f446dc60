"""What is measured on: somebody before a room, in photos and clips of any size."""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from segmenter.arrays import Cutout, Frame
from segmenter.errors import InvalidInput
from segmenter.images import open_image, save_image
from segmenter.inference import Segmenter
from segmenter.pipeline import replace_in_image
from segmenter.video import VideoInfo, VideoWriter

PORTRAIT = Path(__file__).parents[2] / "examples" / "portraits" / "eileen-collins.jpg"
SEED = 7
FRAME_RATE = 30
SWAY = 0.05  # of the width, to either side
SWAY_S = 2.0  # there and back
PERSON_HEIGHT = 0.95  # of the frame's
NOISE = 4  # levels of 255 that a camera adds at most, to either side
NOISE_SIDE = 256  # pixels; the noise repeats itself
FINEST_SHARE = 24  # the room's pattern is drawn at so small a part of the frame
# Heights and widths in which `scene` stands in for photos where there are none.
SCENE_SIZES = ((480, 640), (640, 480), (512, 512), (360, 640))


class Stage:
    """A real person, cut out of a photo, who sways before a drawn room that stands still.

    The photo decides how hair and clothes look, so that refinement has its usual work; noise gives
    decoders and encoders theirs.
    """

    def __init__(self, segmenter: Segmenter, photo: Path = PORTRAIT):
        """Cut the person out.

        Raises:
            InvalidInput: there is no such photo.
        """
        if not photo.is_file():
            raise InvalidInput(f"there is no {photo} to measure on; give --photo FILE, a portrait")
        self._person: Cutout = replace_in_image(open_image(photo), segmenter=segmenter).picture
        self._noise = np.random.default_rng(SEED).integers(
            0, 2 * NOISE + 1, (2 * NOISE_SIDE, 2 * NOISE_SIDE, 3), np.uint8
        )

    def frame(self, height: int, width: int, time_s: float = 0.0) -> Frame:
        """Draw the scene at a time; (height, width, 3) uint8 RGB."""
        scale = PERSON_HEIGHT * height / self._person.shape[0]
        sway = SWAY * width * math.sin(2 * math.pi * time_s / SWAY_S)
        left = (width - scale * self._person.shape[1]) / 2 + sway
        place = np.array([[scale, 0, left], [0, scale, (1 - PERSON_HEIGHT) * height]], np.float32)
        person = cv2.warpAffine(self._person, place, (width, height))
        alpha = person[..., 3].astype(np.float32) / 255
        frame = cv2.blendLinear(
            np.ascontiguousarray(person[..., :3]), room(height, width), alpha, 1 - alpha
        )
        return self._with_noise(frame, round(time_s * FRAME_RATE))

    def _with_noise(self, frame: Frame, number: int) -> Frame:
        """Add the noise of one frame; it repeats itself over the picture."""
        top, left = np.random.default_rng(number).integers(0, NOISE_SIDE, 2)
        tile = self._noise[top : top + NOISE_SIDE, left : left + NOISE_SIDE]
        height, width = frame.shape[:2]
        times = (-(-height // NOISE_SIDE), -(-width // NOISE_SIDE), 1)
        noise = np.ascontiguousarray(np.tile(tile, times)[:height, :width])
        cv2.add(frame, noise, dst=frame)
        return cv2.subtract(frame, (NOISE,) * 4, dst=frame)

    def frames(self, height: int, width: int, count: int) -> Iterator[Frame]:
        """Give the first frames of the scene, 30 a second."""
        return (self.frame(height, width, number / FRAME_RATE) for number in range(count))

    def write_photo(self, path: Path, height: int, width: int) -> Path:
        """Write the scene as a picture; return the path."""
        save_image(path, self.frame(height, width))
        return path

    def write_clip(self, path: Path, height: int, width: int, count: int) -> Path:
        """Write the scene as a video without sound; return the path."""
        info = VideoInfo(width, height, Fraction(FRAME_RATE), count, duration=None)
        with VideoWriter(path, info) as writer:
            for frame in self.frames(height, width, count):
                writer.write(frame)
        return path


def room(height: int, width: int, seed: int = SEED) -> Frame:
    """Draw a textured wall, (height, width, 3) uint8."""
    size = (max(1, height // FINEST_SHARE), max(1, width // FINEST_SHARE), 3)
    pattern = np.random.default_rng(seed).integers(90, 150, size, np.uint8)
    return cv2.resize(pattern, (width, height))


def scene(height: int, width: int) -> Frame:
    """Draw somebody, roughly, before a textured room; (height, width, 3) uint8."""
    noise = np.random.default_rng(SEED).integers(0, 60, (height // 8, width // 8, 3), np.uint8)
    frame = cv2.resize(noise, (width, height)) + np.uint8(90)
    middle, head = width // 2, height // 6
    skin, shirt = (224, 172, 140), (40, 60, 130)
    cv2.ellipse(frame, (middle, height), (height // 3, height // 2), 0, 0, 360, shirt, -1)
    cv2.ellipse(frame, (middle, int(2.2 * head)), (int(0.75 * head), head), 0, 0, 360, skin, -1)
    return frame
