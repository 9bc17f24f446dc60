import json

import pytest
import torch
from settled import save_checkpoint, settled_net

from segmenter.errors import InvalidInput
from segmenter.export.mean import mean_of, read_mean
from segmenter.export.release import ExportOptions, export
from segmenter.nets import build


@pytest.fixture(scope="module")
def nets():
    return [settled_net("unet"), build("unet").eval(), build("unet").eval()]


@pytest.fixture
def runs(nets, tmp_path):
    options = {"architecture": "unet", "mean": "0.5", "std": "0.5", "size": "160"}
    return [
        save_checkpoint(tmp_path / f"{number}.pt", net, **options)
        for number, net in enumerate(nets)
    ]


def flat(net) -> torch.Tensor:
    tensors = [tensor for tensor in net.state_dict().values() if tensor.is_floating_point()]
    return torch.cat([tensor.double().flatten() for tensor in tensors])


def test_the_weights_are_averaged_by_their_shares(nets, runs):
    vectors = [flat(net) for net in nets]
    torch.testing.assert_close(flat(read_mean(runs).net), sum(vectors) / 3, rtol=0, atol=2e-6)
    source = read_mean(runs, (5, 2, 1))
    expected = (5 * vectors[0] + 2 * vectors[1] + vectors[2]) / 8
    torch.testing.assert_close(flat(source.net), expected, rtol=0, atol=2e-6)
    assert not source.net.training
    assert (source.name, source.facts["live_size"], source.record) == ("unet-portrait", 160, None)


def test_counts_are_the_first_ones():
    states = [{"seen": torch.tensor(7)}, {"seen": torch.tensor(8)}]
    assert mean_of(states, [1, 1])["seen"] == 7


def test_one_file_is_what_it_was(nets, runs):
    assert torch.equal(flat(read_mean(runs[:1]).net), flat(nets[0]))


def test_released_weights_take_part_and_tell_how_they_see(nets, runs, tmp_path):
    release = export(runs[0], tmp_path / "first", ExportOptions(name="first"))
    record = release.files["record"]
    told = json.loads(record.read_text()) | {"live_size": 96, "metrics": {"miou": 0.5}}
    record.write_text(json.dumps(told))
    mixed = export([record, runs[1]], tmp_path / "mixed", ExportOptions(shares=(3, 1)))
    assert (mixed.record.live_size, mixed.record.metrics) == (96, {})
    source = read_mean([release.files["record"], runs[1]], (3, 1))
    expected = (3 * flat(nets[0]) + flat(nets[1])) / 4
    torch.testing.assert_close(flat(source.net), expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("shares", [(1, 2), (1, 2, 0), (1, -1, 1), (1, 1, float("nan"))])
def test_shares_that_do_not_fit_are_refused(runs, shares):
    with pytest.raises(InvalidInput, match=r"shares of 3 files; give one above 0 for each"):
        read_mean(runs, shares)


@pytest.mark.parametrize(
    ("name", "options"), [("segnet", {}), ("unet", {"mean": "0.1"}), ("unet", {"std": "0.2"})]
)
def test_other_networks_are_refused(runs, tmp_path, name, options):
    known = {"architecture": name, "mean": "0.5", "std": "0.5"} | options
    other = save_checkpoint(tmp_path / "other.pt", build(name).eval(), **known)
    with pytest.raises(InvalidInput, match=r"other\.pt is another network than .*0\.pt"):
        read_mean([runs[0], other])
