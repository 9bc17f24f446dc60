"""The photo tab's handlers: a photo, a click on it, strokes, its views."""

from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from page_choices import BLUE, COLOUR, NOTHING, PERSON, ROOM, drawing_on, near, scene
from PIL import Image

from segmenter.page.choice import open_data_url
from segmenter.page.photo_tab import follow_photo, replace_photo, show_view


def test_a_photo_gets_its_background_at_full_size_under_its_own_name(desk, photo):
    before_after, matte, _, _, download, line, *_ = replace_photo(
        desk, str(photo), None, None, *COLOUR
    )
    path = Path(download)
    result = np.array(Image.open(path))
    assert path.name == "holiday-backdrop.png"
    assert result.shape == (96, 160, 3)
    assert near(result[60, 60], PERSON)
    assert near(result[60, 130], BLUE)
    grey = np.array(Image.open(matte))
    assert (grey[60, 60], grey[60, 130]) == (255, 0)
    assert near(np.array(Image.open(before_after[0]))[60, 130], ROOM)
    assert near(np.array(Image.open(before_after[1]))[60, 130], BLUE)
    assert line.startswith("CPU, test segmenter · 64 px")


def test_a_cut_out_is_downloaded_with_alpha_and_shown_on_a_chequerboard(desk, photo):
    before_after, _, _, _, download, *_ = replace_photo(desk, str(photo), None, None, *NOTHING)
    assert np.array(Image.open(download))[60, 130, 3] == 0
    shown = np.array(Image.open(before_after[1]))[4:40, 100:150]
    assert {light > 234 for light in shown[..., 0].flat} == {True, False}


def test_without_a_photo_the_button_asks_for_one(desk):
    with pytest.raises(gr.Error, match="add a photo first"):
        replace_photo(desk, None, None, None, *COLOUR)


def test_a_change_without_a_photo_empties_the_results(desk):
    assert follow_photo(desk, None, None, None, *COLOUR)[:2] == [None, None]


def test_a_change_while_an_own_background_is_missing_offers_nothing_old_and_says_so(desk, photo):
    answer = follow_photo(desk, str(photo), None, None, "My picture", "", "", None, *COLOUR[4:])
    assert answer[:5] == [None] * 5 and answer[6].startswith("Add a picture of your own")


def test_a_failure_that_nobody_expected_is_a_sentence_too(desk, photo, monkeypatch):
    monkeypatch.setattr(type(desk), "photo", None)
    with pytest.raises(gr.Error, match="something went wrong here; try again") as error:
        replace_photo(desk, str(photo), None, None, *COLOUR)
    assert error.value.print_exception, "the log tells what"


def test_a_file_that_is_no_photo_is_one_clear_sentence(desk, tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("milk, bread")
    with pytest.raises(gr.Error, match=r"notes\.jpg") as error:
        replace_photo(desk, str(path), None, None, *COLOUR)
    assert not error.value.print_exception


def kept(answer):
    """Whether the couple's left and right one are in the answer's cut-out."""
    alpha = np.array(Image.open(answer[4]))[..., 3]
    return bool(alpha[60, 60]), bool(alpha[60, 125])


def test_a_click_keeps_one_person_until_a_click_beside_her(desk, couple):
    photo = str(couple)
    answer = replace_photo(desk, photo, [photo, "everyone", 125, 60], None, *NOTHING)
    assert kept(answer) == (False, True)
    assert answer[6].startswith("Only the one you clicked") and answer[7]["visible"]
    answer = replace_photo(desk, photo, [photo, "everyone", 5, 5], None, *NOTHING)
    assert kept(answer) == (True, True)
    assert answer[6].startswith("Nobody was found") and not answer[7]["visible"]


@pytest.mark.parametrize("click", [("other.png", "everyone", 125, 60), ("", "largest", 125, 60)])
def test_a_click_on_another_photo_or_before_another_choice_is_over(desk, couple, click):
    click = [click[0] or str(couple), *click[1:]]
    assert kept(replace_photo(desk, str(couple), click, None, *NOTHING)) == (True, True)


def test_what_is_drawn_on_a_photo_corrects_it(desk, couple):
    photo = str(couple)
    answer = replace_photo(desk, photo, None, drawing_on(photo), *NOTHING)
    assert kept(answer) == (True, False)
    assert (answer[3]["photo"], answer[3]["count"]) == (photo, 1)
    click = [photo, "everyone", 60, 60]
    assert kept(replace_photo(desk, photo, click, None, *NOTHING)) == (True, False)
    both = replace_photo(desk, photo, click, drawing_on(photo, keeps=True), *NOTHING)
    assert kept(both) == (True, True)


def test_what_was_drawn_on_another_photo_is_over(desk, couple):
    for drawing in (drawing_on("other.png"), {}, None):
        answer = replace_photo(desk, str(couple), None, drawing, *NOTHING)
        assert kept(answer) == (True, True) and answer[3]["count"] == 0


def test_on_the_board_what_goes_is_pale_and_grey(desk, couple):
    answer = replace_photo(desk, str(couple), None, drawing_on(str(couple)), *NOTHING)
    board = np.array(open_data_url(answer[3]["picture"])).astype(int)
    assert board.shape == (96, 160, 3)
    np.testing.assert_allclose(board[60, 60], PERSON, atol=12)
    for gone in (board[60, 125], board[10, 10]):
        assert np.ptp(gone) < 12 and gone.min() > 178


@pytest.mark.parametrize(
    "strokes",
    [
        None,
        7,
        [7],
        [{"points": [[0.5, 0.5]], "width": 0.1}],
        [{"points": [[0.5]], "width": 0.1, "keeps": True}],
        [{"points": [["a", 0.5]], "width": 0.1, "keeps": True}],
        [{"points": [[0.5, 0.5]], "width": 10**400, "keeps": True}],
        [{"points": [[0.5, 0.5]], "width": 0.1, "keeps": True}] * 501,
    ],
)
def test_what_no_browser_draws_is_refused(desk, couple, strokes):
    drawing = {"photo": str(couple), "strokes": strokes}
    with pytest.raises(gr.Error, match="stroke"):
        replace_photo(desk, str(couple), None, drawing, *NOTHING)


def test_a_photo_with_nobody_in_it_is_told(desk, tmp_path):
    Image.new("RGB", (160, 96), ROOM).save(tmp_path / "room.png")
    photo = str(tmp_path / "room.png")
    for click in (None, [photo, "everyone", 5, 5]):
        assert replace_photo(desk, photo, click, None, *COLOUR)[6].startswith(
            "Nobody was found in this"
        )


def test_the_edges_view_is_as_large_as_the_preview(desk, tmp_path):
    Image.fromarray(scene(1200, 2000)).save(tmp_path / "large.png")
    edges = replace_photo(desk, str(tmp_path / "large.png"), None, None, *COLOUR)[2]
    with Image.open(edges) as picture:
        assert picture.size == (1600, 960)


def test_one_view_is_shown_at_a_time():
    """But what is drawn on is hidden only, so that nothing drawn is lost."""
    assert [update["visible"] for update in show_view("Matte")] == [
        False,
        True,
        False,
        "hidden",
        False,
    ]
    assert [update["visible"] for update in show_view("Edges")] == [
        False,
        False,
        True,
        "hidden",
        True,
    ]
    assert [update["visible"] for update in show_view("Correct")] == [
        False,
        False,
        False,
        True,
        False,
    ]
