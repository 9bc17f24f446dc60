import pytest
import torch
from records import write_model
from settled import save_checkpoint, settled_net

from segmenter.errors import InvalidInput, WeightsUnavailable
from segmenter.export.source import read_source
from segmenter.weights.finding import BUNDLED


@pytest.fixture(scope="module")
def net():
    return settled_net("unet")


def test_the_run_says_what_was_trained_and_how(net, tmp_path):
    options = {"architecture": "unet", "mean": "0.4", "std": "0.25", "size": "160"}
    source = read_source(save_checkpoint(tmp_path / "checkpoint.pt", net, **options))
    assert (source.architecture, source.name) == ("unet", "unet-portrait")
    assert source.facts["mean"] == (0.4, 0.4, 0.4) and source.facts["std"] == (0.25, 0.25, 0.25)
    assert (source.facts["live_size"], source.facts["photo_size"]) == (160, 240)
    for mine, theirs in zip(source.net.parameters(), net.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert not source.net.training


def test_the_architecture_can_be_said_for_a_checkpoint_that_does_not(net, tmp_path):
    checkpoint = save_checkpoint(tmp_path / "old.pt", net)
    with pytest.raises(InvalidInput, match=r"old\.pt does not say .* --architecture"):
        read_source(checkpoint)
    with pytest.raises(InvalidInput, match="holds no deeplabv3"):
        read_source(checkpoint, "deeplabv3")
    assert read_source(checkpoint, "unet").facts == {}


def test_a_wrong_word_about_the_architecture_is_refused(net, tmp_path):
    checkpoint = save_checkpoint(tmp_path / "checkpoint.pt", net, architecture="unet")
    with pytest.raises(InvalidInput, match="is of unet, not hrnet"):
        read_source(checkpoint, "hrnet")


def test_a_wrong_word_about_released_weights_is_refused_too():
    record = BUNDLED / "deeplabv3-portrait.json"
    with pytest.raises(InvalidInput, match="is of deeplabv3, not unet"):
        read_source(record, "unet")
    assert read_source(record, "deeplabv3").architecture == "deeplabv3"


def test_a_run_of_large_pictures_has_a_record_too(net, tmp_path):
    options = {"architecture": "unet", "size": "2048"}
    source = read_source(save_checkpoint(tmp_path / "checkpoint.pt", net, **options))
    assert (source.facts["live_size"], source.facts["photo_size"]) == (2048, 2048)


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    for path in (tmp_path / "checkpoint.pt", tmp_path):
        with pytest.raises(InvalidInput, match=f"there is no file {path}; give RUN/checkpoint"):
            read_source(path)


@pytest.mark.parametrize("content", [b"", b"no pickle", {"something": 1}, [1]])
def test_what_is_no_checkpoint_is_refused(content, tmp_path):
    path = tmp_path / "checkpoint.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(InvalidInput, match=r"checkpoint\.pt is no checkpoint") as caught:
        read_source(path)
    assert "\n" not in str(caught.value)


def test_released_weights_are_read_by_their_record():
    source = read_source(BUNDLED / "deeplabv3-portrait.json")
    assert source.name == source.record.name == "deeplabv3-portrait"
    assert source.architecture == "deeplabv3" and not source.net.training


def test_a_damaged_file_of_a_record_is_named(tmp_path):
    path = write_model(tmp_path, {"disc.safetensors": b"tensors"}, onnx=None)
    with pytest.raises(
        InvalidInput, match=r"disc\.safetensors is damaged \(.+\); get it"
    ) as caught:
        read_source(path)
    assert "\n" not in str(caught.value)


def test_a_record_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WeightsUnavailable, match=r"nowhere\.json"):
        read_source(tmp_path / "nowhere.json")
