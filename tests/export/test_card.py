import yaml
from records import record_of

from segmenter.export.card import describe, licence_fields, make_card, pictures_of

RECORD = record_of(
    {"disc.onnx": b"", "disc.safetensors": b""},
    trained_on=("discs", "noise"),
    metrics={
        "measured_on": "six discs",
        "raw": {"discs": {"miou": 0.9, "mae": 0.1}, "rings": {"miou": 0.8}},
        "int8": {"miou": 0.7},
    },
)


def front_of(card: str) -> dict:
    assert card.startswith("---\n")
    return yaml.safe_load(card.split("---\n")[1])


def test_the_front_matter_is_what_the_hub_reads():
    front = front_of(make_card(RECORD, "owner/disc"))
    assert front["license"] == "mit"
    assert front["library_name"] == "segmenter"
    assert front["pipeline_tag"] == "image-segmentation"
    assert front["metrics"] == ["mean_iou"]
    assert {"deeplabv3", "onnx", "person-segmentation"} <= set(front["tags"])


def test_a_card_without_measurements_claims_none():
    card = make_card(record_of({"disc.onnx": b"", "disc.safetensors": b""}), "owner/disc")
    assert "metrics" not in front_of(card)
    assert "## Results" not in card


def test_a_licence_of_our_own_has_a_name_and_a_link():
    fields = licence_fields("research use: trained on photos, see below", "owner/disc")
    assert fields == {
        "license": "other",
        "license_name": "research-use",
        "license_link": "https://huggingface.co/owner/disc/blob/main/README.md",
    }
    assert licence_fields("Apache-2.0", "owner/disc") == {"license": "apache-2.0"}


def test_a_given_text_is_kept_and_its_own_front_matter_too():
    card = make_card(RECORD, "owner/disc", "# My disc\n\nWords.\n")
    assert "\n# My disc\n\nWords.\n" in card
    assert "--model owner/disc" in card
    own = "---\nlicense: cc0-1.0\n---\n# Mine\n"
    assert make_card(RECORD, "owner/disc", own) == own


def test_a_text_made_from_the_record_says_what_it_says():
    text = describe(RECORD)
    assert text.startswith("# disc\n")
    for fact in ("`deeplabv3`", "512 pixels", "0.485, 0.456, 0.406", "- noise", "six discs"):
        assert fact in text
    assert (
        "| raw | miou | mae |\n| --- | --- | --- |\n| discs | 0.9 | 0.1 |\n| rings | 0.8 |  |"
        in text
    )
    assert "| int8 | 0.7 |" in text


def test_a_network_of_many_classes_is_described_by_its_persons_channel():
    record = record_of({"disc.onnx": b"", "disc.safetensors": b""}, classes=21, person_class=15)
    assert "21 classes; the softmax's channel 15 is the person" in describe(record)


def test_only_pictures_beside_the_card_are_named():
    text = "![a](a.jpg) ![b](b/c.png) ![d](https://e.org/f.png) [g](g.png) ![h](h.webp) ![a](a.jpg)"
    assert pictures_of(text) == ["a.jpg", "h.webp"]
