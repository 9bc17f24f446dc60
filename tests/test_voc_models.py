"""Public networks of 21 Pascal VOC classes, from the Hub into a Segmenter.

The checkpoint is made here with random weights; its keys and shapes are torchvision's own.
"""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from hub_server import HubServer, Repository
from hub_visitor import Visitor
from safetensors.torch import save
from torchvision.models.segmentation import deeplabv3_mobilenet_v3_large

from segmenter.errors import WeightsUnavailable
from segmenter.inference import Segmenter
from segmenter.weights import Weights

CLASSES, PERSON = 21, 15
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture(scope="module")
def published():
    """Torchvision's network as it is published: with the auxiliary classifier."""
    torch.manual_seed(0)
    net = deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=CLASSES, aux_loss=True
    )
    with torch.no_grad():  # fresh norms would answer almost the same everywhere
        net.train()(torch.randn(2, 3, 64, 64))
        net.classifier[-1].weight.mul_(300)
        net.classifier[-1].bias[PERSON] += 3
    return net.eval()


@pytest.fixture(scope="module")
def record_path(published, tmp_path_factory):
    """Fetch the record and the tensors from a server that stands in for the Hub."""
    content = save(published.state_dict())
    record = Weights(
        name="voc",
        architecture="deeplabv3_mobilenet_v3_large",
        safetensors="model.safetensors",
        sha256={"model.safetensors": hashlib.sha256(content).hexdigest()},
        classes=CLASSES,
        person_class=PERSON,
        live_size=64,
        photo_size=96,
        mean=MEAN,
        std=STD,
        licence="bsd-3-clause",
    )
    with HubServer() as server:
        repository = server.repositories["owner/voc"] = Repository()
        repository.commit({"weights.json": record.to_json().encode(), "model.safetensors": content})
        visit = Visitor(server, tmp_path_factory.mktemp("home")).fetch("owner/voc", "safetensors")
        assert visit.path is not None, visit.message
    return visit.path.with_name("weights.json")


def test_the_probability_is_the_softmax_of_the_persons_class(published, record_path):
    segmenter = Segmenter(str(record_path), backend="torch", device="cpu")
    frame = np.random.default_rng(0).integers(0, 256, (96, 64, 3), dtype=np.uint8)
    batch = torch.from_numpy((frame / 255 - MEAN) / STD).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        expected = published(batch)["out"].softmax(dim=1)[0, PERSON].numpy()
    assert expected.std() > 0.01
    np.testing.assert_allclose(segmenter.probability(frame, 96), expected, atol=1e-4)


def test_a_record_that_counts_fewer_classes_is_refused(record_path, tmp_path):

    record = Weights.from_json(record_path.read_text())
    (tmp_path / "model.safetensors").write_bytes(
        record_path.with_name("model.safetensors").read_bytes()
    )
    (tmp_path / "weights.json").write_text(replace(record, classes=20).to_json())
    with pytest.raises(WeightsUnavailable, match="no deeplabv3_mobilenet_v3_large of 20 class"):
        Segmenter(str(tmp_path / "weights.json"), backend="torch", device="cpu")
