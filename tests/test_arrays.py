import cv2
import numpy as np
import pytest

from segmenter.arrays import require_coverage, require_frame, to_uint8
from segmenter.errors import InvalidInput

FRAME = np.zeros((4, 6, 3), np.uint8)


def test_a_frame_passes_unchanged():
    assert require_frame(FRAME) is FRAME


@pytest.mark.parametrize(
    "wrong",
    [
        FRAME.astype(np.float32),
        FRAME[..., 0],
        np.zeros((4, 6, 4), np.uint8),
        np.zeros((0, 6, 3), np.uint8),
        [[1, 2, 3]],
    ],
)
def test_what_is_no_frame_is_refused(wrong):
    with pytest.raises(InvalidInput, match=r"\(H, W, 3\) uint8 RGB"):
        require_frame(wrong)


def test_coverage_must_have_the_frames_size_and_be_float32():
    alpha = np.zeros((4, 6), np.float32)
    assert require_coverage(alpha, FRAME) is alpha
    for wrong in (alpha.T, alpha.astype(np.float64), alpha[..., None], None):
        with pytest.raises(InvalidInput, match=r"\(4, 6\) float32"):
            require_coverage(wrong, FRAME)


def test_grey_spans_the_whole_range():
    assert to_uint8(np.array([[0.0, 0.5, 1.0]], np.float32)).tolist() == [[0, 128, 255]]


def test_a_mask_becomes_black_and_white_by_an_opencv_4_too(monkeypatch):
    """Before its release 5 OpenCV refuses what is bool; both are allowed."""
    convert = cv2.convertScaleAbs

    def convert_as_4_does(pixels, **options):
        assert pixels.dtype != bool, "src data type = bool is not supported"
        return convert(pixels, **options)

    monkeypatch.setattr(cv2, "convertScaleAbs", convert_as_4_does)
    columns = np.array([[True, False, True, False]])[:, ::2]
    assert to_uint8(columns).tolist() == [[255, 255]]
