import cv2
import pytest

from segmenter.errors import OutputFailed
from segmenter.inference import Segmenter
from segmenter.training.data import PersonDataset
from segmenter.training.demo import EXAMPLES, make_demo
from segmenter.training.pairs import find_pairs


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(backend="onnx", device="cpu")


def test_the_demo_is_a_data_set_one_can_train_on(segmenter, tmp_path):
    folder = make_demo(tmp_path / "demo", segmenter)
    pairs = find_pairs(folder / "portraits")
    assert {pair.image.name for pair in pairs} == {
        path.name for path in (EXAMPLES / "portraits").iterdir()
    }
    for pair in pairs:
        _, mask = pair.read()
        assert 0.1 < (mask >= 128).mean() < 0.9
    dataset = PersonDataset(folder, size=64, batch_size=2, seed=1)
    assert "composites" in dataset.shares  # the backgrounds were found


def test_making_it_again_is_harmless(segmenter, tmp_path):
    first = make_demo(tmp_path, segmenter)
    before = {path: path.read_bytes() for path in first.rglob("*.png")}
    assert make_demo(tmp_path, segmenter) == first
    assert {path: path.read_bytes() for path in first.rglob("*.png")} == before


def test_a_folder_that_cant_be_written_is_named(segmenter, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputFailed, match=r"can't write into .*file"):
        make_demo(tmp_path / "file", segmenter)


def test_every_demo_picture_opens():
    pictures = [*(EXAMPLES / "portraits").iterdir(), *(EXAMPLES / "backgrounds").iterdir()]
    assert len(pictures) >= 8
    assert all(cv2.imread(str(path)) is not None for path in pictures)
