"""Pictures for the device's stages, and the way to its tensors and back."""

import cv2
import numpy as np
import pytest
import torch

devices = pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])


def as_tensor(pictures, device):
    """Put (H, W) or (H, W, C) arrays on a device as (N, C, H, W)."""
    stacked = np.stack([picture.reshape(*picture.shape[:2], -1) for picture in pictures])
    return torch.from_numpy(stacked).to(device).permute(0, 3, 1, 2)


def as_array(tensor):
    """Return (N, H, W), or (N, H, W, C) where there are several channels."""
    array = tensor.permute(0, 2, 3, 1).cpu().numpy()
    return array[..., 0] if array.shape[3] == 1 else array


def texture(height, width, seed=0):
    """A picture with coarse and fine detail, (H, W, 3) uint8."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(40, 200, (max(2, height // 12), max(2, width // 12), 3), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.add(picture, generator.integers(0, 30, picture.shape, np.uint8))


def soft(height, width, seed=0):
    """Values between 0 and 1 that change smoothly, (H, W) float32."""
    rough = np.random.default_rng(seed).random((height, width), np.float32)
    blurred = cv2.GaussianBlur(rough, (0, 0), 2)
    return (blurred - blurred.min()) / (blurred.max() - blurred.min())


def portrait(height=180, width=320, left=0.35, seed=0):
    """Somebody before a room, (H, W, 3) uint8, and the probability that a network may give."""
    frame = texture(height, width, seed)
    person = np.zeros((height, width), np.float32)
    middle = int(width * (left + 0.15))
    cv2.ellipse(person, (middle, height), (height // 3, height // 2), 0, 0, 360, 1, -1)
    cv2.circle(person, (middle, height // 3), height // 6, 1, -1)
    alpha = cv2.GaussianBlur(person, (0, 0), 1.2)[..., None]
    clothes = texture(height, width, seed + 50) // 3 + np.uint8([20, 60, 110])
    frame = np.rint(alpha * clothes + (1 - alpha) * frame).astype(np.uint8)
    return frame, cv2.GaussianBlur(person, (0, 0), height / 45)


def differences(found, expected):
    """Return the absolute differences in levels of 255."""
    scale = 255 if found.dtype == np.float32 else 1
    return np.abs(found.astype(np.float64) - expected.astype(np.float64)) * scale
