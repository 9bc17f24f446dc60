import cv2
import numpy as np
import pytest
from PIL import Image

from segmenter.cli import main
from segmenter.errors import InvalidDataset, InvalidInput, OutputFailed
from segmenter.mattes import matte_all
from segmenter.training.pairs import find_pairs
from segmenter.training.pseudo_labels import Label, is_trusted, label_photos, look_often


class Opinions:
    """Sees a red person; in `wavering`, something green too, at one size in three."""

    photo_size = 384

    def __init__(self, wavering: bool = False):
        self.wavering = wavering

    def probability(self, frame, size=None):
        red, green = frame[..., 0].astype(int), frame[..., 1].astype(int)
        found = red - green > 60
        if self.wavering and size == 384:
            found = found | (green - red > 60)
        return found.astype(np.float32)

    def describe(self):
        return "CPU, test segmenter"


def photo(green: int = 0) -> np.ndarray:
    """A red person of 40x60 pixels on grey, and something green beside it."""
    picture = np.full((100, 120, 3), 128, np.uint8)
    picture[40:, 20:60] = (220, 40, 40)
    picture[10 : 10 + green, 80:110] = (40, 220, 40)
    return picture


def save(folder, pictures):
    folder.mkdir()
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / name), picture[..., ::-1])


def test_what_all_looks_agree_on_is_not_in_doubt():
    label = look_often(photo(30), Opinions())
    assert label.doubt == 0
    assert label.alpha[60:90, 30:50].min() == 1 and label.alpha[:30].max() == 0


def test_what_one_look_in_three_sees_is_in_doubt():
    label = look_often(photo(30), Opinions(wavering=True))
    assert label.doubt == pytest.approx(30 * 30 / (100 * 120))


def square(size: int) -> np.ndarray:
    alpha = np.zeros((100, 100), np.float32)
    alpha[:size, :size] = 1
    return alpha


@pytest.mark.parametrize(
    ("size", "doubt", "other", "trusted"),
    [
        (50, 0.01, None, True),
        (50, 0.03, None, False),
        (50, 0.03, 50, True),
        (50, 0.03, 45, False),
        (50, 0.07, 50, False),
        (20, 0.0, None, False),
        (100, 0.0, None, False),
    ],
)
def test_trust(size, doubt, other, trusted):
    seen = None if other is None else square(other)
    assert is_trusted(Label(square(size), doubt), seen) is trusted


def test_the_result_is_a_training_source(tmp_path):
    save(tmp_path / "photos", {"a.png": photo(), "b.png": photo(90), "c.png": photo()[:, 70:]})
    target = tmp_path / "selfies"
    assert label_photos(tmp_path / "photos", target, Opinions(wavering=True)) == (1, 3)
    (pair,) = find_pairs(target)
    image, mask = pair.read()
    assert np.abs(image.astype(int) - photo()).mean() < 8  # JPEG
    assert mask[60:90, 30:50].min() == 255 and mask[:30].max() == 0


def test_photos_of_one_name_are_kept_apart_and_a_bad_one_stops_nothing(tmp_path, caplog):
    save(tmp_path / "photos", {"a.jpg": photo(), "a.png": photo(), "c.png": photo()})
    (tmp_path / "photos" / "b.png").write_bytes(b"milk, bread")
    assert label_photos(tmp_path / "photos", tmp_path / "out", Opinions()) == (3, 4)
    assert [pair.image.stem for pair in find_pairs(tmp_path / "out")] == ["a-jpg", "a-png", "c"]
    assert "b.png" in caplog.text


def test_another_models_agreement_lets_a_little_doubt_pass(tmp_path):
    save(tmp_path / "photos", {"a.png": photo(15)})  # 3.75 % in doubt
    alphas = tmp_path / "alphas"
    alphas.mkdir()
    mask = np.zeros((100, 120), np.uint8)
    mask[40:, 20:60] = 255
    cv2.imwrite(str(alphas / "a.png"), mask)
    wavering = Opinions(wavering=True)
    assert label_photos(tmp_path / "photos", tmp_path / "one", wavering) == (0, 1)
    found = label_photos(tmp_path / "photos", tmp_path / "two", wavering, others=alphas)
    assert found == (1, 1)


def test_photos_of_one_name_have_the_other_models_alphas_that_matte_names_for_them(tmp_path):
    save(tmp_path / "photos", {"a.png": photo(15), "a.jpg": photo(15)})  # 3.75 % in doubt
    wavering, alphas = Opinions(wavering=True), tmp_path / "alphas"
    report = matte_all(tmp_path / "photos", alphas, Opinions(), raw=True, quiet=True)
    assert [item.output for item in report.items] == [
        str(alphas / "a-jpg.png"),
        str(alphas / "a-png.png"),
    ]
    found = label_photos(tmp_path / "photos", tmp_path / "out", wavering, others=alphas)
    assert found == (2, 2)


def test_photos_are_not_overwritten_by_what_is_made_of_them(tmp_path):
    source = tmp_path / "selfies"
    source.mkdir()
    save(source / "images", {"a.jpg": photo()})
    content = (source / "images" / "a.jpg").read_bytes()
    with pytest.raises(InvalidInput, match="choose another output"):
        label_photos(source / "images", source, Opinions())
    assert (source / "images" / "a.jpg").read_bytes() == content


def test_photos_that_training_can_not_read_are_labelled_too(tmp_path):
    """A mask is drawn of what is opened, and the photo saved as JPEG."""
    (tmp_path / "photos").mkdir()
    Image.fromarray(photo()).save(tmp_path / "photos" / "phone.gif")
    assert label_photos(tmp_path / "photos", tmp_path / "out", Opinions()) == (1, 1)
    assert [pair.image.name for pair in find_pairs(tmp_path / "out")] == ["phone.jpg"]


def test_a_folder_without_another_models_alphas_is_told(tmp_path):
    save(tmp_path / "photos", {"a.png": photo()})
    for others in (tmp_path / "missing", tmp_path):
        with pytest.raises(InvalidDataset, match=str(others)):
            label_photos(tmp_path / "photos", tmp_path / "out", Opinions(), others=others)
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_explained(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(InvalidDataset, match="no pictures"):
        label_photos(tmp_path / "photos", tmp_path / "out", Opinions())


def test_the_command_tells_how_many(tmp_path, capsys, monkeypatch):
    save(tmp_path / "photos", {"a.png": photo()})
    monkeypatch.setattr("segmenter.cli.label.make_segmenter", lambda chosen: Opinions())
    assert main(["label", str(tmp_path / "photos"), "-o", str(tmp_path / "out")]) == 0
    assert "1 of 1 photos labelled" in capsys.readouterr().err


def test_the_command_tells_that_nothing_was_labelled(tmp_path, capsys, monkeypatch):
    save(tmp_path / "photos", {"a.png": photo(90)})
    wavering = Opinions(wavering=True)
    monkeypatch.setattr("segmenter.cli.label.make_segmenter", lambda chosen: wavering)
    command = ["label", str(tmp_path / "photos"), "-o", str(tmp_path / "out")]
    for quiet in ([], ["--quiet"]):
        assert main([*command, *quiet]) == 0
        assert "none of 1 photos labelled, nothing written into" in capsys.readouterr().err


def test_a_target_that_can_not_be_written_to_is_told_before_anything_is_looked_at(tmp_path):
    save(tmp_path / "photos", {"a.png": photo()})
    (tmp_path / "out").touch()
    with pytest.raises(OutputFailed, match="can't write into the folder"):
        label_photos(tmp_path / "photos", tmp_path / "out", None)
