"""What is behind the person, on the device."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

import numpy as np
import torch
from torch import Tensor

from segmenter.arrays import Alpha, Frame, require_coverage, require_frame
from segmenter.background import Background, Blur, Clip, Colour, Picture
from segmenter.gpu.blur import blur_without
from segmenter.gpu.look import Seen
from segmenter.gpu.transfer import download, upload

# These look neither at the frame's pixels nor at its alpha, and give out a picture that stays.
STILL = (Colour, Picture, Clip)


class Backdrop:
    """Makes backgrounds, and keeps the last picture on the device until another one is shown."""

    def __init__(self, device: torch.device):
        self._device = device
        self._last: Frame | None = None
        self._uploaded: Tensor | None = None

    def __call__(
        self, background: Background, times: Sequence[float], seen: Seen, alpha: Tensor
    ) -> Tensor:
        """Return what is behind, (N, 3, H, W) uint8, or (1, 3, H, W) for all frames.

        Args:
            background: any.
            times: seconds, one for each frame.
            seen: the frames.
            alpha: (N, 1, H, W) float32 in [0, 1], of the same frames.
        """
        if type(background) is Blur:
            return blur_without(seen.pixels, alpha, background.radius_for(*alpha.shape[-2:]))
        if type(background) in STILL:
            nobody = np.broadcast_to(np.float32(0), alpha.shape[-2:])
            return self._kept(list(shown(background, times, seen.frames, repeat(nobody))))
        # Others may look at the alpha, and may give out one array again and again, changed.
        alphas = download(alpha[:, 0])[0]
        return self._up([one.copy() for one in shown(background, times, seen.frames, alphas)])

    def _kept(self, pictures: list[Frame]) -> Tensor:
        """Upload what is not there yet."""
        last = pictures[-1]
        if any(picture is not last for picture in pictures):
            return self._up(pictures)
        if last is not self._last:
            self._last, self._uploaded = last, self._up([last])
        return self._uploaded

    def _up(self, pictures: list[Frame]) -> Tensor:
        return upload(pictures, self._device).permute(0, 3, 1, 2)


def shown(
    background: Background, times: Sequence[float], frames: Sequence[Frame], alphas: Iterable[Alpha]
) -> Iterator[Frame]:
    """Yield what a background shows behind each frame.

    Raises:
        InvalidInput: it is no frame, or of another size.
    """
    for time, frame, alpha in zip(times, frames, alphas, strict=False):
        picture = background.at(time, frame, alpha)
        require_coverage(alpha, require_frame(picture))
        yield picture
