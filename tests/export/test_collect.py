"""What belongs into a model repository."""

import json
from dataclasses import replace

import pytest
import yaml
from records import record_of, write_model

from segmenter.errors import InvalidInput, WeightsUnavailable
from segmenter.export.publish import Item, Remote, collect
from segmenter.weights import Weights

CONTENT = {"disc.onnx": b"graph" * 99, "disc.safetensors": b"tensors" * 99}


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path, CONTENT)


def test_a_model_with_one_file(tmp_path):
    path = write_model(tmp_path, {"disc.safetensors": b"tensors"}, onnx=None)
    items = collect(str(path), "owner/disc")
    assert [item.name for item in items] == ["disc.safetensors", "weights.json", "README.md"]


def test_other_files_of_the_record_come_along_when_they_are_there(tmp_path, model):
    more = {"disc.tflite": b"phone", "../disc.tflite": b"phone", "disc-int8.onnx": b"small"}
    model.write_text(record_of({**CONTENT, **more}).to_json())
    (tmp_path / "disc.tflite").write_bytes(b"phone")
    files = by_name(collect(str(model), "owner/disc"))
    assert files["disc.tflite"] == b"phone"
    described = Weights.from_json(files["weights.json"].decode()).sha256
    assert set(described) == {"disc.onnx", "disc.safetensors", "disc.tflite"}
    (tmp_path / "disc.tflite").write_bytes(b"other")
    with pytest.raises(WeightsUnavailable, match=r"disc\.tflite is not the file its record"):
        collect(str(model), "owner/disc")


def test_the_record_loses_the_commit_of_an_earlier_home(model):
    earlier = replace(
        Weights.from_json(model.read_text()), repository="first/home", revision="0" * 40
    )
    model.write_text(earlier.to_json())
    record = json.loads(by_name(collect(str(model), "owner/disc"))["weights.json"])
    assert (record["repository"], record["revision"]) == ("owner/disc", None)


def test_the_card_beside_the_weights_comes_along_with_its_pictures(model, tmp_path):
    text = "# Disc\n\n![one](disc.png) ![two](../secret.png) ![three](gone.png)\n"
    (tmp_path / "README.md").write_text(text)
    (tmp_path / "disc.png").write_bytes(b"picture")
    files = by_name(collect(str(model), "owner/disc"))
    assert text.strip() in files["README.md"].decode()
    assert files["disc.png"] == b"picture"
    assert "secret.png" not in files and "gone.png" not in files


def test_a_card_written_on_windows_is_as_one_written_here(model, tmp_path):
    text = "---\nlicense: mit\n---\n# Größe\n"
    cards = []
    for name, content in (
        ("here.md", text.encode()),
        ("windows.md", text.replace("\n", "\r\n").encode("utf-8-sig")),
    ):
        (tmp_path / name).write_bytes(content)
        files = by_name(collect(str(model), "owner/disc", tmp_path / name))
        cards.append(files["README.md"])
    assert cards == [text.encode()] * 2


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_card_in_another_encoding_is_refused(model, tmp_path, encoding):
    (tmp_path / "card.md").write_text("# Größe\n", encoding=encoding)
    with pytest.raises(InvalidInput, match=r"card\.md is not in UTF-8; save it as UTF-8"):
        collect(str(model), "owner/disc", tmp_path / "card.md")


def test_the_released_weights_can_be_published():
    files = by_name(collect("deeplabv3-portrait", "owner/portrait"))
    front = yaml.safe_load(files["README.md"].decode().split("---")[1])
    assert front["pipeline_tag"] == "image-segmentation"
    assert len(files) >= 4


def test_gits_name_of_a_file():
    # From `printf 'hello\n' | git hash-object --stdin`.
    item = Item("hello.txt", b"hello\n")
    assert item.blob == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert Remote("0" * 40, {"hello.txt": item.blob}).holds([item])
    assert not Remote("0" * 40, {"hello.txt": item.blob[::-1]}).holds([item])
    assert not Remote().holds([item])


def by_name(items) -> dict[str, bytes]:
    return {item.name: item.content for item in items}
