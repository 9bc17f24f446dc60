import numpy as np
import pytest
from scenes import RED, RedSegmenter, person

from segmenter.benchmark.scenes import NOISE, Stage, room, scene
from segmenter.errors import InvalidInput
from segmenter.images import open_image, save_image
from segmenter.video import probe, read_frames


@pytest.fixture
def stage(tmp_path):
    """A red square as the person; the square reaches from 40 to 80 of 120 rows."""
    save_image(tmp_path / "red.png", person())
    return Stage(RedSegmenter(), tmp_path / "red.png")


def centre_of(frame):
    """The mean column of the pixels that are as red as the person, give or take the noise."""
    near = (np.abs(frame.astype(int) - RED) <= NOISE).all(axis=2)
    return np.nonzero(near)[1].mean()


def test_the_scene_is_a_frame_with_somebody_in_it():
    frame = scene(72, 128)
    assert frame.shape == (72, 128, 3)
    assert frame[30, 64].tolist() == [224, 172, 140]  # the face


def test_the_person_sways_before_a_room_that_stands_still(stage):
    first, later = stage.frame(120, 160, 0.0), stage.frame(120, 160, 0.5)  # a quarter of the sway
    assert first.shape == (120, 160, 3) and first.dtype == np.uint8
    assert centre_of(first) == pytest.approx(80, abs=1.5)
    assert centre_of(later) - centre_of(first) == pytest.approx(0.05 * 160, abs=1.5)
    still = room(120, 160).astype(int)
    for frame in (first, later):
        assert np.abs(frame[:10].astype(int) - still[:10]).max() <= NOISE
    assert (first[:10] != later[:10]).any()  # a camera's noise is new in each frame


def test_photos_and_clips_have_the_size_and_number_asked_for(stage, tmp_path):
    assert open_image(stage.write_photo(tmp_path / "a.jpg", 90, 120)).shape == (90, 120, 3)
    clip = stage.write_clip(tmp_path / "a.mp4", 90, 120, 7)
    assert probe(clip).frame_rate == 30
    assert [frame.shape for frame in read_frames(clip)] == [(90, 120, 3)] * 7


def test_a_portrait_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InvalidInput, match=r"nobody\.jpg.*--photo"):
        Stage(RedSegmenter(), tmp_path / "nobody.jpg")
