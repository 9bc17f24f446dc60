import pytest
import torch
from safetensors.torch import save_file

from segmenter.errors import InvalidInput
from segmenter.nets import build
from segmenter.training.options import TrainOptions
from segmenter.training.start import initial_net, load_encoder


def options(tmp_path, **changes) -> TrainOptions:
    return TrainOptions(data=tmp_path, run=tmp_path, **changes)


def test_the_encoder_takes_a_published_classifiers_tensors(tmp_path):
    published = build("deeplabv3").encoder.state_dict()
    renamed = {f"layer{index}": value + 0.5 for index, value in enumerate(published.values())}
    torch.save(renamed | {"classifier": torch.zeros(1000, 320)}, tmp_path / "published.pt")
    encoder = initial_net(options(tmp_path, encoder_weights=tmp_path / "published.pt")).encoder
    for mine, theirs in zip(encoder.state_dict().values(), renamed.values(), strict=True):
        assert torch.equal(mine.float(), theirs.to(mine.dtype).float())


@pytest.mark.parametrize(
    "content", [{"weight": torch.zeros(3)}, {"average": {}, "seen": 4}, [torch.zeros(3)], b"text"]
)
def test_what_is_no_such_state_dict_is_refused(content, tmp_path):
    path = tmp_path / "other.pt"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(InvalidInput, match=r"other\.pt .*give EfficientNet-Lite0's") as caught:
        load_encoder(build("deeplabv3").encoder, path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("architecture", ["unet", "segnet"])
def test_only_our_deeplabv3_has_such_an_encoder(tmp_path, architecture):
    with pytest.raises(InvalidInput, match=architecture):
        initial_net(options(tmp_path, architecture=architecture, encoder_weights=tmp_path / "x.pt"))


def test_a_run_starts_from_earlier_weights(tmp_path):
    earlier = build("unet")
    save_file(earlier.state_dict(), tmp_path / "unet.safetensors")
    start = options(tmp_path, architecture="unet", start_from=tmp_path / "unet.safetensors")
    mine = initial_net(start).state_dict()
    assert all(torch.equal(mine[name], value) for name, value in earlier.state_dict().items())


def test_weights_that_are_missing_or_anothers_are_refused(tmp_path):
    save_file(build("unet").state_dict(), tmp_path / "unet.safetensors")
    torch.save(build("unet").state_dict(), tmp_path / "checkpoint.pt")
    for name, words in {
        "unet.safetensors": "holds no HRNet; give weights of the same architecture",
        "missing.safetensors": r"can't be started from \(No such file.*\); give the \.safetensors",
        "checkpoint.pt": r"can't be started from \(.*\); give the \.safetensors",
    }.items():
        with pytest.raises(InvalidInput, match=f"{name} {words}") as caught:
            initial_net(options(tmp_path, architecture="hrnet", start_from=tmp_path / name))
        assert "\n" not in str(caught.value)
