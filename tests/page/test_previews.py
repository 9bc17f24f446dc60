"""Pictures that are shown and not downloaded."""

import numpy as np

from segmenter.page.previews import preview


def test_a_cut_out_is_over_the_board_by_its_alpha():
    cutout = np.zeros((32, 32, 4), np.uint8)
    cutout[:16, :, 3] = 255
    board = preview(cutout)
    assert (board[:16] == 0).all()
    assert set(board[16:].flat) == {222, 246}
