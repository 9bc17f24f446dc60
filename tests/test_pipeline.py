from pathlib import Path

import numpy as np
import pytest
from clips import make_clip
from scenes import RED, RedSegmenter, person

from segmenter.background import Blur, Clip, Colour, Picture, Transparent
from segmenter.errors import InvalidInput, UnreadableImage
from segmenter.images import save_image
from segmenter.pipeline import ReplaceOptions, read_background, replace_in_image
from segmenter.refine import RefineOptions
from segmenter.strokes import Stroke

SEGMENTER = RedSegmenter()
BLUE = Colour(20, 30, 220)


def test_the_room_becomes_the_colour_and_the_person_stays():
    result = replace_in_image(person(), BLUE, segmenter=SEGMENTER)
    assert np.abs(result.picture[5, 5].astype(int) - (20, 30, 220)).max() <= 1
    assert np.abs(result.picture[60, 80].astype(int) - RED).max() <= 1
    assert result.alpha.dtype == np.float32 and result.alpha.shape == (120, 160)


def test_without_a_background_it_is_a_straight_cut_out():
    picture = replace_in_image(person(), segmenter=SEGMENTER).picture
    assert picture.shape == (120, 160, 4)
    assert picture[5, 5, 3] == 0 and picture[60, 80, 3] == 255
    # Straight: half-covered pixels show her colour, not the room's.
    soft = (picture[..., 3] > 60) & (picture[..., 3] < 250)
    assert (picture[soft][:, 0] > picture[soft][:, 1]).all()


def test_a_cut_out_holds_nothing_of_the_room():
    frame, room = person(), person()[5, 5]
    picture = replace_in_image(frame, segmenter=SEGMENTER).picture
    hidden = picture[picture[..., 3] == 0][:, :3]
    assert len(hidden) > 1000 and not (hidden == room).all(axis=1).any()
    assert (hidden == 0).all(axis=1).mean() > 0.9  # and the others lie beside her, in her colours


def test_a_photo_s_result_has_the_probability_its_alpha_came_from():
    for background in (None, BLUE):
        result = replace_in_image(person(), background, segmenter=SEGMENTER)
        np.testing.assert_array_equal(result.probability, SEGMENTER.probability(person()))


def test_with_what_was_said_of_a_photo_before_nobody_is_asked_again():
    frame, segmenter = person(), RedSegmenter()
    said = segmenter.probability(frame)
    said.flags.writeable = False
    again = replace_in_image(frame, Colour(0, 0, 255), probability=said)
    once = replace_in_image(frame, Colour(0, 0, 255), segmenter=segmenter)
    np.testing.assert_array_equal(again.picture, once.picture)
    with pytest.raises(InvalidInput):
        replace_in_image(frame, probability=said[:10])
    nobody = np.zeros_like(said)
    assert replace_in_image(frame, probability=nobody, segmenter=segmenter).alpha.max() == 0


def test_the_given_frame_is_not_changed():
    frame = person()
    replace_in_image(frame, Blur(), segmenter=SEGMENTER)
    np.testing.assert_array_equal(frame, person())


def test_what_is_no_frame_is_refused():
    with pytest.raises(InvalidInput):
        replace_in_image(person().astype(float), BLUE, segmenter=SEGMENTER)
    with pytest.raises(InvalidInput, match="cat"):
        ReplaceOptions(people="cat")


class TestReadBackground:
    def test_words(self):
        assert isinstance(read_background("transparent"), Transparent)
        assert isinstance(read_background("blur"), Blur)
        assert isinstance(read_background("blur:12"), Blur)
        colour = read_background("#102030")
        assert colour.at(0, person(), np.ones((120, 160), np.float32))[0, 0].tolist() == [
            16,
            32,
            48,
        ]

    def test_files(self, tmp_path):
        save_image(tmp_path / "wall.png", person())
        for kind in (str, Path):
            assert isinstance(read_background(kind(tmp_path / "wall.png"), "tile"), Picture)
            clip = read_background(kind(make_clip(tmp_path / "sea.mp4")))
            assert isinstance(clip, Clip)
            clip.close()

    @pytest.mark.parametrize("wrong", ["blur:x", "blur:0", "blur:-2", "red", "#12", ""])
    def test_what_it_can_not_be(self, wrong):
        with pytest.raises(InvalidInput):
            read_background(wrong)

    def test_a_missing_picture(self, tmp_path):
        with pytest.raises(UnreadableImage, match="nowhere"):
            read_background(str(tmp_path / "nowhere.jpg"))


@pytest.mark.parametrize(
    "given",
    ["#00ff00", np.zeros((4, 4, 3), np.uint8), Blur, Transparent],
    ids=["text", "array", "Blur", "Transparent"],
)
def test_what_is_no_background_is_told_at_once(given):
    with pytest.raises(InvalidInput, match=r"make one: Blur\(\), Picture"):
        replace_in_image(np.zeros((4, 4, 3), np.uint8), given)


@pytest.mark.parametrize("given", [{"people": "largest"}, {}, RefineOptions(), "largest"], ids=repr)
def test_what_are_no_options_is_told_at_once(given):
    with pytest.raises(InvalidInput, match=r"make them: ReplaceOptions\(people"):
        replace_in_image(person(), BLUE, segmenter=SEGMENTER, options=given)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"refine": None}, "refine is a RefineOptions"),
        ({"refine": {"feather_px": 2}}, "refine is a RefineOptions"),
        ({"strokes": None}, "a tuple of Stroke"),
        ({"strokes": Stroke(((0.5, 0.5),), 0.1, True)}, "a tuple of Stroke"),
        ({"strokes": ("0.5,0.5",)}, "a tuple of Stroke"),
        ({"people": "clicked", "point": 0.5}, "two shares"),
        ({"people": "clicked", "point": "ab"}, "two shares"),
    ],
)
def test_choices_of_another_kind_are_told_when_they_are_made(wrong, told):
    with pytest.raises(InvalidInput, match=told):
        ReplaceOptions(**wrong)


@pytest.mark.parametrize("text", ["transparent", "#fff", "blur"])
def test_an_unknown_fit_is_told_whatever_the_background(text):
    with pytest.raises(InvalidInput, match="cover, contain, tile"):
        read_background(text, "stretch")
