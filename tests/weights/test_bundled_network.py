"""What the bundled weights make of pictures that no set of photos holds."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from segmenter.arrays import to_uint8
from segmenter.images import open_image
from segmenter.inference import Segmenter
from segmenter.matting import Matting
from segmenter.metrics import iou
from segmenter.pipeline import ReplaceOptions, matte_of_image

PORTRAITS = Path(__file__).parents[2] / "examples" / "portraits"
HEIGHT, WIDTH = 270, 480
BLACK, WHITE, GREY, BLUE, SKIN = (0,) * 3, (255,) * 3, (128,) * 3, (40, 40, 200), (230, 200, 170)


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(device="cpu")


def plain(colour) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def covered_lens() -> np.ndarray:
    grain = np.random.default_rng(1).normal(12, 5, (HEIGHT, WIDTH, 3))
    return to_uint8(np.clip(grain / 255, 0, 1))


def dim_to_bright() -> np.ndarray:
    return np.repeat(np.linspace(90, 130, WIDTH, dtype=np.uint8)[None, :, None], 3, 2).repeat(
        HEIGHT, 0
    )


def title_card() -> np.ndarray:
    return cv2.putText(
        plain(BLACK), "SUMMER", (90, 150), cv2.FONT_HERSHEY_SIMPLEX, 2.5, WHITE, 5, cv2.LINE_AA
    )


@pytest.mark.parametrize(
    "picture",
    [*map(plain, (BLACK, WHITE, GREY, BLUE, SKIN)), covered_lens(), dim_to_bright(), title_card()],
    ids=["black", "white", "grey", "blue", "skin", "covered lens", "slope", "title"],
)
def test_nobody_is_found_where_nothing_is_seen(segmenter, picture):
    alphas = [matte_of_image(picture, segmenter)]
    for closely in (True, False):
        matting = Matting(segmenter, closely=closely)
        for _ in range(2):
            look = matting.look(picture, smoothing=True)
            alphas.append(matting.cut(look, ReplaceOptions()))
    assert max(float(alpha.mean()) for alpha in alphas) < 0.002


@pytest.mark.parametrize("name", ["eileen-collins", "grace-hopper"])
def test_nobody_goes_on_into_the_bars_of_a_film(segmenter, name):
    frame = open_image(PORTRAITS / f"{name}.jpg")
    shrunk = cv2.resize(frame, None, fx=480 / frame.shape[0], fy=480 / frame.shape[0])
    expected = matte_of_image(shrunk, segmenter) > 0.5
    thick = 60
    barred = cv2.copyMakeBorder(shrunk, thick, thick, 0, 0, cv2.BORDER_CONSTANT)
    alpha = matte_of_image(barred, segmenter) > 0.5
    assert alpha[:thick].mean() < 0.002 and alpha[-thick:].mean() < 0.05
    assert iou(alpha[thick:-thick], expected) > 0.96
