"""The record beside weights: what it can say, and what it refuses."""

import json

import pytest

from segmenter.errors import WeightsUnavailable
from segmenter.weights import Weights

FIELDS = {
    "name": "disc",
    "architecture": "deeplabv3",
    "onnx": "disc.onnx",
    "safetensors": "disc.safetensors",
    "sha256": {"disc.onnx": "0" * 64, "disc.safetensors": "1" * 64},
    "live_size": 256,
    "photo_size": 512,
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "licence": "MIT",
}


def text_with(**changes):
    return json.dumps({"format": 1, **FIELDS, **changes})


def test_a_record_survives_its_json():
    record = Weights(
        **FIELDS,
        trained_on=("portraits", "straße"),
        metrics={"val/portraits": {"mIoU": 0.963, "size": 256}},
    )
    assert Weights.from_json(record.to_json()) == record
    assert "straße" in record.to_json()


def test_public_weights_of_twenty_one_classes_have_a_record():
    """As torchvision trained them on VOC: person is class 15 of a softmax; files on the Hub."""
    record = Weights(
        name="deeplabv3-voc",
        architecture="deeplabv3_resnet101",
        safetensors="model.safetensors",
        sha256={"model.safetensors": "a" * 64},
        live_size=520,
        photo_size=520,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        classes=21,
        person_class=15,
        stride_multiple=8,
        licence="BSD-3-Clause",
        repository="someone/deeplabv3-voc",
        revision="0123456789" * 4,
    )
    again = Weights.from_json(record.to_json())
    assert again.person_class == 15
    assert again.onnx is None
    assert again == record


def test_one_logit_and_multiples_of_32_unless_said_otherwise():
    record = Weights.from_json(text_with())
    assert record.person_class is None
    assert record.stride_multiple == 32


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{'name': 1}", "not JSON"),
        pytest.param("[" * 200_000, "not JSON", id="too deep"),
        ("[]", "no format number"),
        ("{}", "no format number"),
        (text_with(format="1"), "no format number"),
        (text_with(format=2), "newer format; update"),
        (json.dumps({"format": 1, "name": "x"}), "lacks architecture, licence, live_size"),
        (text_with(person_clas=15), r"does not know \(person_clas\)"),
        (text_with(live_size=0), "live_size must be a whole number from 1 to 2048, not 0"),
        (text_with(photo_size=10**7), "photo_size must be a whole number from 1 to 2048"),
        (text_with(photo_size=4096), "photo_size must be a whole number from 1 to 2048"),
        (text_with(stride_multiple=512), "stride_multiple must be a whole number from 1 to 256"),
        (text_with(photo_size="512"), "photo_size"),
        (text_with(stride_multiple=True), "stride_multiple"),
        (text_with(mean=[0.5, 0.5]), "mean must be three numbers"),
        (text_with(mean=[0.5, float("nan"), 0.5]), "mean must be three numbers"),
        (text_with(mean=[0.5, 10**400, 0.5]), "mean must be three numbers"),
        (text_with(std=[0.2, float("inf"), 0.2]), "std must be three positive numbers"),
        (text_with(std=[0.2, 0, 0.2]), "std must be three positive numbers"),
        (text_with(licence=" "), "licence must be text"),
        (text_with(person_class=-1), "person_class"),
        (text_with(classes=15, person_class=15), "none of its 15 classes"),
        (text_with(classes=0), "classes"),
        (text_with(person_class=0), "with 1 class it must be null"),
        (text_with(onnx=None, safetensors=None), "names neither"),
        (text_with(sha256={"disc.onnx": "0" * 64}), r"sha256 of disc\.safetensors"),
        (text_with(sha256={"disc.onnx": "0" * 63, "disc.safetensors": "1" * 64}), r"disc\.onnx"),
        (text_with(revision="0" * 40), "a revision without its repository"),
        (text_with(repository="a/b", revision="main"), "full commit"),
        (text_with(metrics=[1]), "metrics"),
    ],
)
def test_a_faulty_record_is_refused_with_the_reason(text, reason):
    with pytest.raises(WeightsUnavailable, match=reason) as caught:
        Weights.from_json(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["../disc.onnx", "/etc/disc.onnx", "a/b.onnx", "disc.pt", "disc.pkl", "", ".onnx", "a\\b.onnx"],
)
def test_only_plain_names_of_onnx_files_are_accepted(name):
    """A record from the Hub must not reach another folder, or name a pickle."""
    with pytest.raises(WeightsUnavailable, match=r"onnx must be the name of an \.onnx file"):
        Weights.from_json(text_with(onnx=name, sha256={name: "0" * 64}))


def test_a_safetensors_entry_names_no_other_kind():
    with pytest.raises(WeightsUnavailable, match=r"\.safetensors file"):
        Weights.from_json(text_with(safetensors="disc.onnx"))
