import shutil

import cv2
import numpy as np
import pytest
import torch

from segmenter.errors import InvalidDataset, InvalidInput
from segmenter.training.augment.views import Sample
from segmenter.training.data import PersonDataset, choose_size
from segmenter.training.pairs import Pair


def make(data, **options) -> PersonDataset:
    return PersonDataset(data, **{"size": 96, "batch_size": 4, "seed": 5} | options)


def test_a_sample_depends_on_seed_and_number_alone(data):
    first, again, other = make(data)[7], make(data)[7], make(data, seed=6)[7]
    for mine, theirs in zip(first, again, strict=True):
        assert torch.equal(mine, theirs)
    assert first[0].shape != other[0].shape or not torch.equal(first[0], other[0])


def test_a_batch_shares_a_size_that_the_network_takes(data):
    dataset = make(data)
    for start in (0, 4, 8, 12):
        shapes = {dataset[start + k][0].shape for k in range(4)}
        assert len(shapes) == 1
        _, height, width = shapes.pop()
        assert height % 32 == width % 32 == 0


def test_sizes_keep_the_area():
    areas = [np.prod(choose_size(index, 1, 256)) for index in range(200)]
    assert 0.85 < np.median(areas) / 256**2 < 1.15
    assert len({choose_size(index, 1, 256) for index in range(200)}) > 5


def test_image_and_mask_are_moved_together(data):
    """The discs are redder than anything else: the mask must lie on the red, if colours allow."""
    dataset = make(data)
    agreements = []
    for index in range(40):
        image, mask, counts = dataset[index]
        assert image.dtype == mask.dtype == counts.dtype == torch.uint8
        red = image[0].float() - image[2].float()
        person, ground = mask[0] > 200, (mask[0] < 50) & (counts[0] > 0)
        if person.sum() > 50 and ground.sum() > 50:
            agreements.append(bool(red[person].mean() > red[ground].mean()))
    assert len(agreements) > 15
    assert np.mean(agreements) > 0.9


def test_without_leaves_a_source_out(data):
    with pytest.raises(InvalidDataset, match="no source"):
        make(data, without=("portraits",))


def test_sources_within_a_source_are_left_out_and_named(data, tmp_path, caplog):
    shutil.copytree(data / "portraits", tmp_path / "all")
    for name in ("mine", "cutouts"):
        shutil.copytree(data / "portraits", tmp_path / "all" / name)
    assert set(make(tmp_path / "all").photos) == {"all"}
    (told,) = caplog.messages
    assert "so those in mine are left out" in told


def test_leaving_out_an_unknown_source_is_refused(data):
    with pytest.raises(InvalidInput, match=r"can't leave out street: .* holds portraits"):
        make(data, without=("street",))


@pytest.mark.parametrize("name", ["composites", "nobody"])
def test_a_source_called_as_what_is_made_is_refused(data, tmp_path, name):
    shutil.copytree(data / "portraits", tmp_path / name)
    for folder in (tmp_path, tmp_path / name):  # which is one of several sources, or the only one
        with pytest.raises(InvalidDataset, match=f"holds a source called {name}.*; rename it"):
            make(folder)


def test_a_sample_leaves_the_global_generator_alone(data):
    dataset = make(data)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    dataset[11]
    assert torch.equal(torch.rand(2), expected)


def test_what_is_held_out_is_never_drawn(data, monkeypatch):
    dataset = make(data, validation_share=0.4)
    held_out, read = {pair.image for pair in dataset.validation}, set()
    assert held_out and held_out < {pair.image for pair in make(data).photos["portraits"]}
    whole = Pair.read

    def note(pair):
        read.add(pair.image)
        return whole(pair)

    monkeypatch.setattr(Pair, "read", note)
    for index in range(60):
        dataset[index]
    assert {path for path in read if path.parent.parent.name == "portraits"} == {
        pair.image for pair in dataset.photos["portraits"]
    }
    assert not read & held_out


def test_every_seed_holds_out_the_same(data):
    first, second = (make(data, validation_share=0.4, seed=seed).validation for seed in (1, 2))
    assert first == second


def test_a_folder_may_be_one_source(data):
    dataset = make(data / "portraits", validation_share=0.4)
    assert list(dataset.photos) == ["portraits"]
    assert len(dataset.photos["portraits"]) + len(dataset.validation) == 6
    assert dataset[0][0].shape[0] == 3


def test_one_source_in_any_case_takes_backgrounds_too(data, tmp_path):
    shutil.copytree(data / "portraits" / "images", tmp_path / "Images")
    shutil.copytree(data / "portraits" / "masks", tmp_path / "MASKS")
    shutil.copytree(data / "backgrounds", tmp_path / "Backgrounds")
    dataset = make(tmp_path)
    assert len(dataset.backgrounds) == 3
    assert set(dataset.shares) == {tmp_path.name, "composites", "nobody"}


@pytest.mark.parametrize(
    "name", ["portraits/images/3.jpg", "cutouts/masks/3.png", "backgrounds/1.jpg"]
)
def test_a_damaged_file_anywhere_is_named_before_the_first_sample(data, tmp_path, name):
    shutil.copytree(data, tmp_path, dirs_exist_ok=True)
    (tmp_path / name).write_bytes(b"not a picture")
    with pytest.raises(InvalidDataset, match=f"{name} is no picture"):
        make(tmp_path)


def test_a_source_without_masks_is_named_not_skipped(data, tmp_path):
    shutil.copytree(data, tmp_path, dirs_exist_ok=True)
    shutil.copytree(data / "portraits" / "images", tmp_path / "street" / "images")
    with pytest.raises(InvalidDataset, match=f"{tmp_path / 'street'} has no folder masks"):
        make(tmp_path)


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(InvalidDataset, match=f"{tmp_path} holds no source of photos; put them"):
        make(tmp_path)


def test_some_grounds_are_plain(data, monkeypatch):
    plain, rng = [], np.random.default_rng(0)
    for share in (0, 1):
        monkeypatch.setattr("segmenter.training.data.PLAIN_SHARE", share)
        grounds = [make(data).draw_background(64, 64, rng) for _ in range(5)]
        steps = [np.abs(np.diff(ground.astype(int), axis=1)).max() for ground in grounds]
        plain.append(max(steps) <= 16)
    assert plain == [False, True]


def test_bars_are_put_beside_some(data, monkeypatch):
    monkeypatch.setattr("segmenter.training.data.SHAKE_CHANCE", 0)
    barred = []
    for chance in (0, 1):
        monkeypatch.setattr("segmenter.training.data.BARS_CHANCE", chance)
        dataset = make(data)
        masks = [dataset[index][1][0] for index in range(12)]
        barred.append(all(not (m[:2].any() and m[:, :2].any()) for m in masks))
    assert barred == [False, True]


def test_groups_are_of_photos_that_show_people_whole_if_there_are_any(data, tmp_path, monkeypatch):
    monkeypatch.setattr("segmenter.training.data.GROUP_SHARE", 1)
    monkeypatch.setattr("segmenter.training.data.OBJECT_SHARE_FRONT", 0)
    groups = []
    monkeypatch.setattr(
        "segmenter.training.data.group",
        lambda ground, people, rng: groups.append(people) or Sample.of_background(ground),
    )
    dataset = PersonDataset(data, size=64, batch_size=2, seed=0)
    for seed in range(8):  # of whom all are cut off by the photo's edge
        assert dataset.draw("composites", 64, 64, np.random.default_rng(seed)).mask.any()
    assert not groups
    shutil.copytree(data, tmp_path / "data")
    standing = np.zeros((96, 80), np.uint8)
    standing[10:90, 30:55] = 255
    cv2.imwrite(str(tmp_path / "data" / "portraits" / "masks" / "0.png"), standing)
    dataset = PersonDataset(tmp_path / "data", size=64, batch_size=2, seed=0)
    for seed in range(8):
        dataset.draw("composites", 64, 64, np.random.default_rng(seed))
    assert len(groups) > 4
    for people in groups:
        assert 1 <= len(people) <= 5
        assert all((mask == standing).all() for _, mask in people)
