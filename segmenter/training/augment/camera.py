"""What a camera does to a picture: light, blur, noise and compression."""

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from segmenter.errors import MissingExtra
from segmenter.training.augment.views import Sample

try:
    from torchvision.transforms import v2
except ImportError as error:
    raise MissingExtra("training needs torchvision: pip install torchvision") from error

LARGEST_MOTION = 0.05  # of the frame's height, while the shutter is open
SHAKE_CHANCE = 0.06
PHOTOMETRIC = v2.Compose(
    [
        v2.RandomApply(
            [v2.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.04)], p=0.7
        ),
        v2.RandomGrayscale(p=0.04),
        v2.RandomApply([v2.GaussianBlur(5, sigma=(0.3, 1.6))], p=0.12),
    ]
)
# A cheap camera's own treatment, after its faults.
SHARPEN = v2.RandomAdjustSharpness(2.5, p=0.12)
JPEG_CHANCE, JPEG_QUALITY = 0.4, (35, 95)
FLARE_CHANCE = 0.1


def simulate_camera(image: Tensor, rng: Generator) -> Tensor:
    """Give a (3,h,w) uint8 picture a real camera's light, cast, blur, noise and compression.

    torchvision's part draws from torch's global generator.
    """
    image = PHOTOMETRIC(image)
    if rng.random() < FLARE_CHANCE:
        image = flare(image, rng)
    if rng.random() < 0.35:
        image = expose(image, rng)
    if rng.random() < 0.15:
        image = lose_detail(image, float(rng.uniform(0.4, 0.8)))
    image = SHARPEN(image)
    if rng.random() < JPEG_CHANCE:
        image = compress(image, int(rng.integers(*JPEG_QUALITY)))
    return image.contiguous()


def expose(image: Tensor, rng: Generator) -> Tensor:
    """Apply a white-balance error, a tone curve, low light and sensor noise."""
    light = (image.float() / 255) ** float(np.exp(rng.uniform(-0.5, 0.7)))
    light *= torch.from_numpy(white_balance(rng)).view(3, 1, 1)
    if rng.random() < 0.3:
        light *= float(rng.uniform(0.2, 0.7))
    # Photons arrive at random: their share of the noise grows with the root of the light.
    read, shot = float(rng.uniform(0.0, 0.04)), float(rng.uniform(0.0, 0.08))
    light += (read + shot * light.sqrt()) * random_noise(light.shape, rng)
    return (light.clamp(0, 1) * 255).round().to(torch.uint8)


def flare(image: Tensor, rng: Generator) -> Tensor:
    """Lay a veil of light over a picture, as a window or a lamp behind people does in the lens."""
    height, width = image.shape[-2:]
    y, x = (torch.linspace(-1, 1, side) for side in (height, width))
    top, left = rng.uniform(-1, 1, 2)
    reach, strength = float(rng.uniform(0.4, 2.0)), float(rng.uniform(0.15, 0.6))
    apart = ((y - float(top)) ** 2)[:, None] + (x - float(left)) ** 2
    veil = strength * torch.exp(-apart / (2 * reach**2))
    dark = (255 - image.float()) * (1 - veil)  # what is white already stays so
    return (255 - dark).round().to(torch.uint8)


def white_balance(rng: Generator) -> np.ndarray:
    """Return the gains of red, green and blue: warm to cold, and a little green to magenta."""
    warmth, tint = rng.normal(0.0, 0.12), rng.normal(0.0, 0.05)
    return np.exp([warmth, tint, -warmth]).astype(np.float32)


def random_noise(shape: torch.Size, rng: Generator) -> Tensor:
    """Return noise (3,h,w) of deviation 1, at times in blotches, as noise reduction leaves it."""
    if rng.random() < 0.7:
        return torch.randn(shape)
    half = torch.randn(shape[0], (shape[1] + 1) // 2, (shape[2] + 1) // 2)
    return half.repeat_interleave(2, 1).repeat_interleave(2, 2)[:, : shape[1], : shape[2]]


def lose_detail(image: Tensor, scale: float) -> Tensor:
    """Shrink and enlarge, as a cheap webcam does."""
    height, width = image.shape[-2:]
    small = v2.functional.resize(
        image, [round(height * scale), round(width * scale)], antialias=True
    )
    return v2.functional.resize(small, [height, width], antialias=True)


def compress(image: Tensor, quality: int) -> Tensor:
    """Leave JPEG's traces of a quality from 1 to 100, by OpenCV: torchvision is giving its up."""
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return torch.from_numpy(cv2.imdecode(coded, cv2.IMREAD_COLOR)).permute(2, 0, 1)


def shake(sample: Sample, rng: Generator) -> Sample:
    """Move the camera while the shutter is open: people's edges become as soft as all others."""
    kernel = random_motion(sample.mask.shape[0], rng)
    moved = (kernel > 0).astype(np.uint8)
    return Sample(
        cv2.filter2D(sample.image, -1, kernel),
        cv2.filter2D(sample.mask, -1, kernel),
        # What comes in from beyond the photo has no mask.
        cv2.erode(sample.counts, moved, borderType=cv2.BORDER_REFLECT_101),
    )


def random_motion(height: int, rng: Generator) -> np.ndarray:
    """Return the blur kernel, float32 of sum 1, of a straight motion in any direction."""
    reach = max(1, round(float(rng.uniform(0.2, 1.0)) * LARGEST_MOTION * height / 2))
    angle = float(rng.uniform(0, np.pi))
    x, y = round(reach * np.cos(angle)), round(reach * np.sin(angle))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    cv2.line(kernel, (reach - x, reach - y), (reach + x, reach + y), 1.0)
    kernel += kernel[::-1, ::-1]  # a drawn line may lie half a pixel to one side
    return kernel / kernel.sum()
