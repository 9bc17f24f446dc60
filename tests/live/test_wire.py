from io import BytesIO

import pytest
from PIL import Image

from segmenter.errors import InvalidInput
from segmenter.live.wire import Refusal, decode_frame, read_shape, require_same_origin

MOST = 2_000_000


@pytest.mark.parametrize("size", [(480, 640), (1, 1), (1080, 1850), (30, 16_383)])
def test_the_announced_size_is_taken(size):
    assert read_shape({"height": size[0], "width": size[1]}, MOST) == size


@pytest.mark.parametrize(
    ("height", "width"),
    [(0, 640), (-1, 5), (True, 640), (480, 640.0), ("480", 640), (None, None), (1500, 1500)],
)
def test_a_size_that_makes_no_sense_is_replaced(height, width):
    assert read_shape({"height": height, "width": width}, MOST) == (480, 640)
    assert read_shape({}, MOST) == (480, 640)


def test_a_side_that_no_answer_can_have_is_replaced():
    assert read_shape({"height": 1, "width": 16_384}, MOST) == (480, 640)


def test_the_page_s_own_origin_is_known_behind_proxies():
    behind_two = {"host": "inside:7860", "x-forwarded-host": "demo.example, cdn.example"}
    require_same_origin({**behind_two, "origin": "https://demo.example"})
    require_same_origin({"origin": "http://inside:7860", "host": "inside:7860"})
    require_same_origin({"host": "inside:7860"})  # a program
    require_same_origin({"origin": "https://demo.example", "host": "demo.example:443"})
    require_same_origin({"origin": "http://[::1]", "host": "[::1]:80"})
    with pytest.raises(Refusal, match="let the proxy pass it on"):
        require_same_origin({"origin": "https://demo.example", "host": "demo.example:80"})
    for stranger in ("https://elsewhere.example", "null", ""):
        with pytest.raises(Refusal):
            require_same_origin({**behind_two, "origin": stranger})


def test_a_frame_that_is_too_long_for_an_answer_is_refused():
    encoded = BytesIO()
    Image.new("RGB", (16_384, 1)).save(encoded, "JPEG")
    with pytest.raises(InvalidInput, match="16384x1 is too big"):
        decode_frame(encoded.getvalue(), MOST)
