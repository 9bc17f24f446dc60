import shutil

import cv2
import numpy as np
import pytest

from segmenter.composite import over
from segmenter.errors import InvalidDataset
from segmenter.training.composites import SIZES, Composites, shuffled

PLAIN = 60


@pytest.fixture(scope="module")
def plain(data, tmp_path_factory):
    """The cut-outs of `data`, to be put before one grey."""
    folder = tmp_path_factory.mktemp("plain")
    shutil.copytree(data / "cutouts", folder / "cutouts")
    (folder / "backgrounds").mkdir()
    grey = np.full((70, 90, 3), PLAIN, np.uint8)
    cv2.imwrite(str(folder / "backgrounds" / "grey.png"), grey)
    return folder


def test_every_pixel_is_the_person_over_the_place(plain):
    composites = Composites(plain, count=8)
    assert len(composites) == 8
    for index, made in enumerate(composites):
        assert made.frame.shape[:2] == made.alpha.shape == SIZES[index % 2]
        assert made.frame.dtype == made.foreground.dtype == np.uint8
        assert (made.frame[made.alpha == 0] == PLAIN).all()
        again = over(made.foreground, made.alpha, np.full_like(made.frame, PLAIN))
        assert np.abs(again.astype(int) - made.frame).max() <= 1
        assert 0.03 <= made.alpha.mean() < 1
        assert ((made.alpha > 0) & (made.alpha < 1)).any()
        steps = made.alpha * 255
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)


def test_composites_are_the_same_again_and_others_with_another_seed(data):
    composites, again, other = (Composites(data, count=8, seed=seed) for seed in (20, 20, 21))
    np.testing.assert_array_equal(again[5].frame, composites[5].frame)
    np.testing.assert_array_equal(again[5].alpha, composites[5].alpha)
    assert (other[5].frame != composites[5].frame).any()


def test_everybody_comes_once_before_anybody_twice():
    rng = np.random.default_rng(0)
    assert sorted(shuffled(6, 6, rng)) == list(range(6))
    assert sorted(np.bincount(shuffled(3, 8, rng))) == [2, 3, 3]
    assert len(set(shuffled(100, 8, rng))) == 8


def test_missing_folders_and_damaged_files_are_named(data, tmp_path):
    with pytest.raises(InvalidDataset, match="needs cutouts/images"):
        Composites(tmp_path)
    for kind in ("cutouts/images", "cutouts/masks", "backgrounds"):
        (tmp_path / kind).mkdir(parents=True)
    for kind in ("images", "masks"):
        cv2.imwrite(str(tmp_path / "cutouts" / kind / "a.png"), np.eye(20, dtype=np.uint8) * 255)
    with pytest.raises(InvalidDataset, match="holds no picture"):
        Composites(tmp_path)
    (tmp_path / "backgrounds" / "b.jpg").write_bytes(b"no picture")
    with pytest.raises(InvalidDataset, match=r"b\.jpg"):
        Composites(tmp_path)
