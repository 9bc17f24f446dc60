import shutil
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from segmenter import Segmenter, open_image
from segmenter.device import Device
from segmenter.errors import InvalidInput, WeightsUnavailable
from segmenter.inference import person_of
from segmenter.metrics import iou
from segmenter.pipeline import matte_of_image

EXAMPLES = Path(__file__).parents[1] / "examples"
PORTRAIT = EXAMPLES / "portraits" / "grace-hopper.jpg"


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(device="cpu")


def test_it_finds_the_admiral(segmenter):
    """Facts a reader can see in the picture: her face, her uniform, and the blue behind her."""
    probability = segmenter.probability(open_image(PORTRAIT))
    assert probability.shape == (600, 512) and probability.dtype == np.float32
    assert probability[190:260, 250:310].min() > 0.9  # her face
    assert probability[440:520, 200:360].min() > 0.9  # her uniform
    assert probability[40:150, 430:500].max() < 0.1  # the backdrop, on the right


def test_mirrored_she_is_mirrored(segmenter):
    frame = open_image(PORTRAIT)
    plain = segmenter.probability(frame) > 0.5
    mirrored = segmenter.probability(np.ascontiguousarray(frame[:, ::-1])) > 0.5
    assert iou(plain, mirrored[:, ::-1]) > 0.93


@pytest.mark.parametrize(("filled", "sizes"), [(1.0, (320, 224, 448)), (0.7, (320, 256, 496))])
def test_a_photo_is_seen_in_three_views_each_also_mirrored(segmenter, monkeypatch, filled, sizes):
    """Who fills less from nearer; the views' shares of 384 pixels, padded to multiples of 16."""
    seen = []

    def run(batch, *, comes_again):
        assert not comes_again
        seen.append(batch)
        logits = np.full((1, 1, *batch.shape[2:]), -9, np.float32)
        logits[..., : round(filled * batch.shape[3])] = 9
        return logits

    monkeypatch.setattr(segmenter.backend, "run", run)
    segmenter.probability(open_image(PORTRAIT))
    assert [batch.shape[2] for batch in seen] == [size for size in sizes for _ in range(2)]
    for mirrored, plain in zip(seen[::2], seen[1::2], strict=True):
        np.testing.assert_array_equal(mirrored, plain[..., ::-1])


def test_a_group_of_small_people_is_seen_from_nearer_in_two_views(segmenter, monkeypatch):
    seen = []

    def run(batch, *, comes_again):
        seen.append(batch.shape[3])
        height, width = batch.shape[2:]
        logits = np.full((1, 1, height, width), -9, np.float32)
        for middle in range(width // 10, width, width // 5):
            reach = width // 32
            logits[..., height // 5 : 3 * height // 4, middle - reach : middle + reach] = 9
        return logits

    monkeypatch.setattr(segmenter.backend, "run", run)
    segmenter.probability(np.zeros((600, 800, 3), np.uint8))
    assert seen == [320, 320, 576, 576, 832, 832]


def test_who_reaches_beyond_the_right_border_is_whole_there(segmenter):
    frame = open_image(EXAMPLES / "portraits" / "eileen-collins.jpg")
    whole = matte_of_image(frame, segmenter)
    cut = (slice(len(frame) - 422, None), slice(317))  # upright, through her shoulder and arm
    last = matte_of_image(np.ascontiguousarray(frame[cut]), segmenter)[:, -1]
    assert (last[whole[cut][:, -1] > 0.99] > 0.9).mean() > 0.9


def far_away(height, left):
    """The admiral, so many pixels high, before hills: the frame, and where she is."""
    near = open_image(PORTRAIT)
    hills = np.array(Image.open(EXAMPLES / "backgrounds" / "misty-hills.jpg").resize((1600, 1200)))
    matte = matte_of_image(near, Segmenter(device="cpu"))
    small = height, round(height * near.shape[1] / near.shape[0])
    colours, alpha = (
        cv2.resize(whole, small[::-1], interpolation=cv2.INTER_AREA) for whole in (near, matte)
    )
    place = (slice(-height, None), slice(left, left + small[1]))
    cover = np.zeros(hills.shape[:2], np.float32)
    cover[place] = alpha
    hills[place] = np.rint(alpha[..., None] * colours + (1 - alpha[..., None]) * hills[place])
    return hills, cover > 0.5


@pytest.mark.parametrize("height", [80, 160, 300])
def test_somebody_far_away_is_found_and_seen_from_nearer(segmenter, height):
    frame, truth = far_away(height, 1000)
    assert iou(segmenter.probability(frame) > 0.5, truth) > 0.9


def test_two_people_far_from_each_other_are_each_seen_from_nearer(segmenter, monkeypatch):
    frame, truth = far_away(200, 1300)
    other, other_truth = far_away(200, 100)
    frame[:, :800], truth[:, :800] = other[:, :800], other_truth[:, :800]
    parts, join = [], Segmenter._join_views
    monkeypatch.setattr(
        Segmenter, "_join_views", lambda *given: parts.append(given[1].shape) or join(*given)
    )
    assert iou(segmenter.probability(frame) > 0.5, truth) > 0.9
    assert len(parts) == 2 and max(map(max, parts)) < 400


def test_hills_and_towns_hold_nobody_however_closely_seen(segmenter):
    for path in sorted((EXAMPLES / "backgrounds").glob("*.jpg")):
        assert (segmenter.probability(open_image(path)) > 0.5).mean() < 1e-3, path.name


@pytest.mark.parametrize("shape", [(16, 16), (1, 1), (17, 600), (600, 17), (33, 31)])
def test_any_size(segmenter, shape):
    frame = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for probability in (segmenter.probability(frame), segmenter.probability(frame, 96)):
        assert probability.shape == shape
        assert probability.min() >= 0 and probability.max() <= 1


def test_fifty_megapixels(segmenter):
    probability = segmenter.probability(np.zeros((5000, 10000, 3), np.uint8))
    assert probability.shape == (5000, 10000)


def test_torch_and_onnx_runtime_agree(segmenter):
    frame = open_image(PORTRAIT)
    torch = Segmenter(backend="torch", device="cpu")
    difference = np.abs(torch.probability(frame, 256) - segmenter.probability(frame, 256))
    assert difference.max() < 1e-3


def test_threads_share_one_segmenter(segmenter):
    frame = open_image(PORTRAIT)
    expected = segmenter.probability(frame, 128)
    results: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: results.append(segmenter.probability(frame, 128)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_it_says_where_it_runs(segmenter):
    assert segmenter.backend.name in segmenter.describe() and "CPU" in segmenter.describe()


def test_it_says_what_runs_photos_where_that_is_another():
    told = Segmenter(backend="openvino", device="cpu").describe()
    assert told.endswith(", OpenVINO for moving pictures, ONNX Runtime for photos")


def test_a_backend_without_cuda_says_that_it_runs_on_the_processor(monkeypatch):
    card = Device("cuda", 2, "a card")
    monkeypatch.setattr("segmenter.inference.choose_device", lambda wanted: card)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    told = Segmenter(backend="onnx").describe()
    assert told == "CPU, 2 threads (ONNX Runtime knows no CUDA here), ONNX Runtime"


def test_a_panorama_is_seen_with_the_area_of_a_shorter_picture_as_expected(monkeypatch):
    segmenter = Segmenter(device="cpu", backend="onnx")
    segmenter.expect(200, 1000, 96, wait=True)
    seen = []
    run = segmenter.backend.run

    def noted(batch, *, comes_again):
        seen.append(batch.shape)
        return run(batch, comes_again=comes_again)

    monkeypatch.setattr(segmenter.backend, "run", noted)
    segmenter.probability(np.zeros((200, 1000, 3), np.uint8), 96)
    assert seen == [(1, 3, 32, 160)]  # 96 times the root of 5 / 1.8 is 160
    assert segmenter.backend.sessions.get(seen[0]) is not None


def test_frames_that_are_expected_find_a_session():
    segmenter = Segmenter(device="cpu", backend="onnx")
    assert not segmenter.expect(48, 64, 96)
    segmenter.backend.sessions.settle()
    assert segmenter.expect(48, 64, 96) and segmenter.expect(64, 48, 96, wait=True)
    assert segmenter.backend.sessions.get((1, 3, 80, 96)) is not None
    assert Segmenter(device="cpu", backend="torch").expect(48, 64, 96)  # needs nothing


def test_auto_takes_the_fastest_backend_there_is(monkeypatch):
    monkeypatch.delenv("BACKDROP_BACKEND", raising=False)
    for found, name in ((object(), "OpenVINO"), (None, "ONNX Runtime")):
        monkeypatch.setattr("importlib.util.find_spec", lambda module, found=found: found)
        assert Segmenter(device="cpu").backend.name == name


def test_an_unknown_backend_is_refused():
    with pytest.raises(InvalidInput, match="auto, onnx, openvino, torch"):
        Segmenter(backend="caffe")


def test_the_environment_names_the_backend_that_auto_takes(monkeypatch):
    monkeypatch.setenv("BACKDROP_BACKEND", "torch")
    assert Segmenter(device="cpu").backend.name == "PyTorch"
    assert Segmenter(device="cpu", backend="onnx").backend.name == "ONNX Runtime"
    monkeypatch.setenv("BACKDROP_BACKEND", "nonsense")
    with pytest.raises(InvalidInput, match="openvino"):
        Segmenter(device="cpu")


def test_one_logit_is_a_sigmoid_and_many_a_softmax():
    one = np.array([[[0.0, 100.0, -100.0]]], np.float32)
    np.testing.assert_allclose(person_of(one, None), [[0.5, 1.0, 0.0]], atol=1e-6)
    classes = np.log(np.array([0.2, 0.5, 0.3], np.float32))[:, None, None]
    np.testing.assert_allclose(person_of(classes, 1), [[0.5]], atol=1e-6)


@pytest.mark.parametrize("classes", [1, 3])
def test_a_network_of_other_classes_than_its_record_is_refused(classes, monkeypatch):
    segmenter = Segmenter(device="cpu", backend="onnx")
    two = np.zeros((1, 2, 32, 32), np.float32)
    monkeypatch.setattr(segmenter.backend, "run", lambda batch, comes_again: two)
    segmenter.weights = replace(segmenter.weights, classes=classes)
    with pytest.raises(WeightsUnavailable, match=f"tells 2 classes apart.* says {classes}"):
        segmenter.probability(np.zeros((32, 32, 3), np.uint8), 32)


def test_a_photos_answer_has_the_gaps_that_the_nearest_view_sees(monkeypatch):
    frame = np.full((240, 320, 3), 200, np.uint8)
    frame[40:, 80:240] = (40, 60, 120)  # somebody
    gap = (slice(120, 160), slice(205, 225))
    frame[gap] = 200

    def seen(segmenter, frame, share):
        probability = np.zeros((240, 320), np.float32)
        probability[40:, 80:240] = 0.98
        probability[gap] = 0.3 if share > 1 else 0.9
        return probability

    monkeypatch.setattr(Segmenter, "_view", seen)
    probability = Segmenter(device="cpu", backend="onnx").probability(frame)
    assert probability[gap][4:-4, 4:-4].max() < 0.1
    assert probability[60:, 90:190].min() > 0.9


def test_a_photos_wide_doubt_is_decided_by_its_colours(monkeypatch):
    frame = np.full((240, 320, 3), 200, np.uint8)
    frame[:, :150] = (40, 60, 120)  # somebody

    def seen(segmenter, frame, share):
        columns = np.arange(320, dtype=np.float32)
        return np.tile(np.interp(columns, [110, 190], [0.99, 0.01]), (240, 1)).astype(np.float32)

    monkeypatch.setattr(Segmenter, "_view", seen)
    probability = Segmenter(device="cpu", backend="onnx").probability(frame)
    assert probability[:, :146].min() > 0.7  # 130 and on were doubt
    assert probability[:, 154:].max() < 0.3


@pytest.mark.parametrize("size", [0, -1, 0.5, 384.0, float("nan"), "384"])
def test_a_size_is_a_whole_number_of_pixels(segmenter, size):
    with pytest.raises(InvalidInput, match="1 or more whole pixels, got"):
        segmenter.probability(open_image(PORTRAIT), size)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda height, width: np.zeros((1, 2, height, width)), "tells 2 classes apart"),
        (lambda height, width: np.zeros((1, 1, height // 4, width // 4)), r"with \(96, 84\)"),
        (lambda height, width: np.full((1, 1, height, width), np.nan), "what is no number"),
    ],
    ids=["classes", "smaller", "nan"],
)
def test_a_network_that_answers_otherwise_than_its_record_says_is_told(
    segmenter, monkeypatch, answer, reason
):
    def run(batch, *, comes_again):
        return answer(*batch.shape[2:]).astype(np.float32)

    monkeypatch.setattr(segmenter.backend, "run", run)
    with pytest.raises(WeightsUnavailable, match=reason):
        segmenter.probability(open_image(PORTRAIT), 384)


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_a_record_with_another_stride_than_its_network_s_is_told(tmp_path, backend):
    if backend == "openvino":
        pytest.importorskip("openvino")
    wrong = replace(Segmenter(device="cpu").weights, stride_multiple=7)
    (tmp_path / "wrong.json").write_text(wrong.to_json())
    shutil.copy(EXAMPLES.parent / "weights" / wrong.onnx, tmp_path)
    segmenter = Segmenter(str(tmp_path / "wrong.json"), backend=backend, device="cpu")
    with pytest.raises(WeightsUnavailable, match=r"on 273x322 pixels: .*correct stride_multiple"):
        segmenter.probability(open_image(PORTRAIT))
