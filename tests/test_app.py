"""The page: its choices, its jobs, its handlers, and the two names for programs."""

import json
import logging
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from clips import make_clip
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from page_server import served_page
from PIL import Image
from scenes import RedSegmenter

import app
from segmenter.background import Blur, Clip, Colour, Picture, Transparent
from segmenter.errors import InvalidInput, SegmenterError, UnreadableImage, UnreadableVideo
from segmenter.page import choice as choices
from segmenter.page.choice import Choice, open_data_url
from segmenter.page.panel import read_choice
from segmenter.page.photo_tab import follow_photo, replace_photo, show_view
from segmenter.page.previews import preview
from segmenter.page.results import delete_old_results
from segmenter.page.video_tab import estimate_video, replace_video
from segmenter.page.videos import choose_ending, in_words
from segmenter.page.widgets import by_path, put_in_place, slider, upload, without_unseen
from segmenter.page.work import Desk, as_shares
from segmenter.video import probe, read_frames

ROOM, PERSON, BLUE = (20, 150, 60), (220, 30, 40), (0, 0, 255)
# The widgets' values: kind, preset, colour, upload, blur, fit, people, detail, softness, shift.
COLOUR = ("Colour", "", "#0000ff", None, 20, "cover", "everyone", 0.0, 0.0, 0.0)
NOTHING = ("Transparent", *COLOUR[1:])


class RedPeople(RedSegmenter):
    """Says that what is red is a person."""

    live_size = photo_size = 64


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


@pytest.fixture
def desk():
    return Desk(RedPeople(), {})


def scene(height=96, width=160):
    picture = np.full((height, width, 3), ROOM, np.uint8)
    picture[height // 4 :, width // 4 : width // 2] = PERSON
    return picture


@pytest.fixture
def photo(tmp_path):
    Image.fromarray(scene()).save(tmp_path / "holiday.png")
    return tmp_path / "holiday.png"


@pytest.fixture
def video(tmp_path):
    """One second of the scene, with a tone."""
    Image.fromarray(scene()).save(tmp_path / "still.png")
    path = tmp_path / "party.mp4"
    command = "-loop 1 -framerate 10 -i {} -f lavfi -i sine=440 -t 1 -pix_fmt yuv420p -y {}"
    words = command.format(tmp_path / "still.png", path).split()
    subprocess.run(["ffmpeg", "-v", "error", *words], check=True, timeout=60)
    return path


def near(colour, wanted, tolerance=30):
    return np.abs(np.asarray(colour).astype(int) - wanted).max() <= tolerance


# Choices


def test_every_kind_of_background_can_be_chosen(tmp_path):
    Image.new("RGB", (8, 8), (9, 9, 9)).save(tmp_path / "own.png")
    wanted = {
        "Colour": Colour,
        "Blur": Blur,
        "Transparent": Transparent,
        "My picture": Picture,
        "Gallery": Picture,
    }
    presets = {"grey": tmp_path / "own.png"}
    for kind, background in wanted.items():
        values = (kind, "grey", "#0000ff", str(tmp_path / "own.png"), *COLOUR[4:])
        assert isinstance(choices.make_background(read_choice(*values), presets), background)


def test_an_own_picture_that_is_missing_is_asked_for():
    with pytest.raises(InvalidInput, match="add a picture"):
        read_choice("My picture", *COLOUR[1:])


@pytest.mark.parametrize(
    "text",
    [
        *("/etc/passwd", "examples/clip.mp4", "file.png", ""),
        *("blur:0x10", "blur:101", "blur:-3", "blur:00009999"),
    ],
)
def test_a_path_on_the_server_is_no_background(text):
    with pytest.raises(SegmenterError):
        choices.make_background(Choice(text), {})


def test_wrong_live_settings_are_said_and_not_sent():
    told = json.loads(app.live_settings("My picture", "", "#0000ff", None, *COLOUR[4:]))
    assert list(told) == ["trouble"] and "add a picture" in told["trouble"]
    assert json.loads(app.live_settings(*COLOUR))["background"] == "#0000ff"


def own_background(upload):
    """What the live tab's browser half is told of it."""
    return json.loads(app.live_background(upload).props["own"])


def test_an_own_background_goes_to_the_live_tab_apart_from_the_settings(tmp_path):
    path = tmp_path / "own.png"
    Image.new("RGB", (2000, 1000), (200, 100, 50)).save(path)
    settings = json.loads(app.live_settings("My picture", "", "", str(path), *COLOUR[4:]))
    assert "background" not in settings and settings["options"]["people"] == "everyone"
    picture = choices.open_data_url(own_background(str(path))["background"])
    assert picture.shape == (640, 1280, 3)
    assert near(picture, (200, 100, 50), 3)
    assert list(own_background(None)) == ["trouble"], "the one before must not stay"


def test_a_broken_own_background_is_said_in_the_live_tab(tmp_path):
    path = tmp_path / "damaged.jpg"
    path.write_bytes(b"\xff\xd8\xff no more")
    told = own_background(str(path))
    assert list(told) == ["trouble"] and "damaged.jpg" in told["trouble"]


def test_a_file_that_was_deleted_is_asked_for_again(desk, photo, tmp_path):
    gone, own = str(tmp_path / "gone.png"), ("My picture", "", "")
    words = "^'Your file was deleted after 30 minutes; add it again.'$"
    for job in (
        lambda: replace_photo(desk, gone, None, None, *COLOUR),
        lambda: replace_photo(desk, str(photo), None, None, *own, gone, *COLOUR[4:]),
        lambda: estimate_video(desk, gone),
        lambda: last_of(replace_video(desk, gone, "Automatic", *COLOUR)),
    ):
        with pytest.raises(gr.Error, match=words):
            job()


def test_a_message_can_not_name_an_upload_on_the_server():
    message = {"background": "blur", "upload": "/etc/passwd"}
    assert Choice.from_message(message).upload is None


def test_pictures_for_live_are_opened_one_at_a_time(monkeypatch):
    opening, most = [], []

    def open_slowly(path):
        opening.append(path)
        most.append(len(opening))
        time.sleep(0.02)
        opening.pop()
        return scene()

    monkeypatch.setattr(choices, "open_image", open_slowly)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(choices.as_data_url, map(Path, "abcd")))
    assert most == [1] * 4


def test_a_damaged_upload_in_a_message_is_refused():
    with pytest.raises(UnreadableImage):
        choices.open_data_url(choices.DATA_URL + "/9j/AAAA")


def test_an_upload_is_a_path_and_an_empty_number_the_default_after_a_change_of_look_too():
    widgets = [upload(render=False), slider(0, 10, 4, render=False)]
    for widget in (*widgets, *(type(one)(**one.constructor_args) for one in widgets)):
        file = gr.FileData(path="text.jpg")
        is_slider = isinstance(widget, gr.Slider)
        assert widget.preprocess(None if is_slider else file) == (4 if is_slider else "text.jpg")
    assert widgets[1].preprocess(7) == 7


def test_a_program_s_upload_is_a_path_and_leaves_no_other_file(tmp_path):
    (tmp_path / "cache").mkdir()
    file = by_path(gr.File)(render=False, type="filepath")
    assert file.preprocess(gr.FileData(path="a.jpg")) == "a.jpg"
    assert not list((tmp_path / "cache").iterdir())


def test_a_preset_may_be_a_clip(tmp_path):
    clip = make_clip(tmp_path / "waves.mp4", sound=None)
    background = choices.make_background(Choice("waves"), {"waves": clip})
    assert isinstance(background, Clip)
    background.close()


def test_presets_are_the_pictures_of_the_folder(tmp_path):
    for name in ("b.jpg", "a.png", "README.md"):
        (tmp_path / name).touch()
    assert list(choices.list_presets(tmp_path)) == ["a", "b"]
    assert choices.list_presets(tmp_path / "missing") == {}


# Photo


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


def test_a_cut_out_is_over_the_board_by_its_alpha():
    cutout = np.zeros((32, 32, 4), np.uint8)
    cutout[:16, :, 3] = 255
    board = preview(cutout)
    assert (board[:16] == 0).all()
    assert set(board[16:].flat) == {222, 246}


def test_results_wait_in_the_folder_that_is_emptied(desk, photo, tmp_path):
    _, matte, *_ = replace_photo(desk, str(photo), None, None, *COLOUR)
    assert Path(matte).is_relative_to(tmp_path / "cache")


def test_results_are_deleted_when_they_are_old_and_nothing_else_is(desk, photo):
    old, fresh = (Path(replace_photo(desk, str(photo), None, None, *COLOUR)[1]) for _ in range(2))
    for path in (old.parent, *old.parent.iterdir()):
        os.utime(path, (0, 0))
    delete_old_results(60)
    assert not old.parent.exists()
    assert fresh.exists()
    fresh.touch()
    os.utime(fresh.parent, (0, 0))  # as of a video that is still written
    delete_old_results(60)
    assert fresh.exists() and photo.exists()


def test_a_job_that_fails_leaves_nothing(desk, photo, tmp_path, monkeypatch):
    def fail(*_):
        raise InvalidInput("no more room")

    monkeypatch.setattr("segmenter.page.work.preview", fail)
    with pytest.raises(gr.Error, match="no more room"):
        replace_photo(desk, str(photo), None, None, *COLOUR)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_without_a_photo_the_button_asks_for_one(desk):
    with pytest.raises(gr.Error, match="add a photo first"):
        replace_photo(desk, None, None, None, *COLOUR)


def test_a_change_without_a_photo_empties_the_results(desk):
    assert follow_photo(desk, None, None, None, *COLOUR)[:2] == [None, None]


def test_a_file_that_is_no_photo_is_one_clear_sentence(desk, tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("milk, bread")
    with pytest.raises(gr.Error, match=r"notes\.jpg") as error:
        replace_photo(desk, str(path), None, None, *COLOUR)
    assert not error.value.print_exception


@pytest.fixture
def couple(tmp_path):
    """Two people, in columns 40-80 and 110-140."""
    picture = scene()
    picture[24:, 110:140] = PERSON
    Image.fromarray(picture).save(tmp_path / "couple.png")
    return tmp_path / "couple.png"


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


def drawing_on(photo, *, keeps=False):
    """A stroke over the couple's right one, in columns 110-140."""
    points = [[125 / 160, 0.3], [125 / 160, 0.95]]
    return {"photo": photo, "strokes": [{"points": points, "width": 0.12, "keeps": keeps}]}


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


# Video


def last_of(steps):
    *_, last = steps
    return last


def test_a_video_keeps_its_length_and_sound(desk, video):
    state, shown, download, _ = last_of(replace_video(desk, str(video), "Automatic", *COLOUR))
    path = Path(download)
    before, after = probe(video), probe(path)
    assert path.name == "party-backdrop.mp4"
    assert shown == str(path)
    assert after.frame_count == before.frame_count == 10
    assert after.has_sound
    assert "Done: mp4" in state


def test_a_transparent_video_is_webm_and_prores_is_not_shown(desk, video):
    _, shown, _, _ = last_of(replace_video(desk, str(video), "Automatic", *NOTHING))
    assert shown.endswith("party-backdrop.webm")
    state, shown, download, _ = last_of(replace_video(desk, str(video), "ProRes", *NOTHING))
    assert shown is None
    assert download.endswith(".mov")
    assert "Browsers don't play this" in state


def test_the_first_step_comes_at_once_so_that_it_can_be_cancelled(desk, tmp_path):
    steps = replace_video(desk, str(tmp_path / "missing.mp4"), "Automatic", *COLOUR)
    assert "Starting" in next(steps)[0]
    with pytest.raises(gr.Error):
        next(steps)


def test_a_video_that_is_cut_off_is_told(desk, tmp_path):
    whole = make_clip(tmp_path / "whole.mkv", seconds=3, size=(320, 240))
    (tmp_path / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    state, _, _, _ = last_of(replace_video(desk, str(tmp_path / "cut.mkv"), "Automatic", *COLOUR))
    assert re.search(r"cut off or damaged: \d\d of about (89|90|91) frames came", state)
    state, _, _, _ = last_of(replace_video(desk, str(whole), "Automatic", *COLOUR))
    assert "cut off" not in state


@pytest.mark.parametrize(("typed", "taken"), [(5, 1), (-3, 0), (0.25, 0.25), (None, 0.7)])
def test_a_number_beyond_a_slider_s_ends_is_the_end(typed, taken):
    assert slider(0, 1, 0.7).preprocess(typed) == taken


@pytest.fixture
def video_logs():
    """Put the levels back that the page sets."""
    modules = ("images", "video.reader", "video.writer")
    logs = [logging.getLogger(f"segmenter.{module}") for module in modules]
    levels = [log.level for log in logs]
    yield
    for log, level in zip(logs, levels, strict=True):
        log.setLevel(level)


@pytest.mark.usefixtures("video_logs")
def test_no_file_of_a_visitor_is_named_in_the_log(desk, tmp_path, caplog):
    whole = make_clip(tmp_path / "whole.mkv", seconds=3, size=(320, 240))
    (tmp_path / "secret.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    for is_private in (False, True):
        if is_private:
            app.keep_file_names_private()
        caplog.clear()
        last_of(replace_video(desk, str(tmp_path / "secret.mkv"), "Automatic", *COLOUR))
        assert ("secret" in caplog.text) != is_private


def test_a_cancelled_video_leaves_neither_file_nor_ffmpeg(desk, video, tmp_path):
    steps = desk.video(video, read_choice(*COLOUR), "MP4")
    with closing(steps):
        assert next(steps).frames_done == 1
        assert children()
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert not children()


def children():
    """The ffmpeg processes that this one has started and that still run."""
    command = ["ps", "--ppid", str(os.getpid()), "-o", "stat=,comm="]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if "ffmpeg" in line and not line.startswith("Z")]


def test_the_estimate_tells_size_rate_and_sound(desk, video):
    words = estimate_video(desk, str(video))
    assert words.startswith("1 s of 160x96 at 10 frames a second, with sound: about ")
    assert estimate_video(desk, None).startswith("Up to 3 minutes")


def test_frames_that_take_long_at_first_do_not_count_in_the_estimate(desk, video, monkeypatch):
    """Of ten frames the first four take 9 s and the others 3; a quarter goes to encoding."""
    clock, took = [0.0], [9.0] * 4 + [3.0] * 6

    class Replacer:
        def __init__(self, segmenter, closely):
            pass

        def __call__(self, frame, time_s):
            clock[0] += took.pop(0)

    monkeypatch.setattr("segmenter.page.work.LiveReplacer", Replacer)
    monkeypatch.setattr("segmenter.page.work.time.monotonic", lambda: clock[0])
    assert estimate_video(desk, str(video)).endswith("about 40 seconds.")


def test_a_video_over_the_limits_is_refused_with_the_limit(desk, video, monkeypatch):
    monkeypatch.setattr("segmenter.page.videos.LONGEST_VIDEO_S", 0.5)
    with pytest.raises(gr.Error, match="cut it"):
        estimate_video(desk, str(video))
    monkeypatch.setattr("segmenter.page.videos.LONGEST_VIDEO_S", 180)
    monkeypatch.setattr("segmenter.page.videos.MOST_FRAMES", 9)
    with pytest.raises(gr.Error, match="10 frames and the page takes up to 9"):
        estimate_video(desk, str(video))
    monkeypatch.setattr("segmenter.page.videos.LARGEST_VIDEO_PIXELS", 100)
    with pytest.raises(gr.Error, match="160x96"):
        last_of(replace_video(desk, str(video), "Automatic", *COLOUR))


def test_a_text_file_is_no_video(desk, tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("milk, bread")
    with pytest.raises(UnreadableVideo):
        desk.estimate(path)


@pytest.mark.parametrize(
    ("kind", "is_transparent", "ending"),
    [("Automatic", False, ".mp4"), ("Automatic", True, ".webm"), ("ProRes", False, ".mov")],
)
def test_the_format_follows_the_choice(kind, is_transparent, ending):
    assert choose_ending(kind, is_transparent) == ending


def test_mp4_is_not_offered_for_transparency():
    with pytest.raises(InvalidInput, match="can't be transparent"):
        choose_ending("MP4", True)


def test_a_short_video_is_told_in_short_measures(desk, tmp_path):
    """A picture as a clip: one frame, at 25 a second."""
    Image.fromarray(scene()).save(tmp_path / "still.png")
    one = tmp_path / "one.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "still.png", one], check=True)
    assert estimate_video(desk, str(one)).startswith("0.04 s of 160x96")
    state, *_ = last_of(replace_video(desk, str(one), "Automatic", *COLOUR))
    assert re.search(r"Done: mp4, [1-9]\d* kB\.", state)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 second"), (42, "42 seconds"), (180, "3 minutes")]
)
def test_durations_are_told_in_words(seconds, words):
    assert in_words(seconds) == words


# The whole page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A program's client of a running page."""
    with served_page(tmp_path_factory.mktemp("cache")) as running:
        client = Client(
            running.address, verbose=False, download_files=tmp_path_factory.mktemp("answers")
        )
        yield client
        client.close()


def test_programs_see_two_names_and_nothing_else(page):
    names = page.view_api(return_format="dict")["named_endpoints"]
    assert set(names) == {"/replace_image", "/replace_video"}


def test_a_program_replaces_a_photo(page, photo):
    answer = page.predict(
        handle_file(str(photo)), "#0000ff", None, "cover", "everyone", 0, 0, 0,
        api_name="/replace_image",
    )  # fmt: skip
    assert near(np.array(Image.open(answer))[60, 130], BLUE)
    assert answer.endswith("holiday-backdrop.png")


def test_a_program_keeps_one_person(page, couple):
    answer = page.predict(
        handle_file(str(couple)), people="clicked", at="0.8,0.6", api_name="/replace_image"
    )
    alpha = np.array(Image.open(answer))[..., 3]
    assert alpha[60, 125] == 255 and alpha[60, 60] == 0


def test_a_program_corrects_by_strokes(page, couple):
    strokes = json.dumps(drawing_on("")["strokes"])
    answer = page.predict(handle_file(str(couple)), strokes=strokes, api_name="/replace_image")
    alpha = np.array(Image.open(answer))[..., 3]
    assert alpha[60, 125] == 0 and alpha[60, 60] == 255
    for wrong, said in (("no JSON", "this is no JSON"), ("7", "strokes are a list")):
        with pytest.raises(AppError, match=said):
            page.predict(handle_file(str(couple)), strokes=wrong, api_name="/replace_image")


def test_a_program_replaces_a_video(page, video):
    answer = page.predict(handle_file(str(video)), background="blur", api_name="/replace_video")
    assert probe(Path(answer)).frame_count == 10


def test_a_program_puts_a_clip_behind_a_video(page, video, tmp_path):
    """The clip is blue, then red."""
    clip = tmp_path / "sky.mp4"
    halves = "color=blue:s=64x48:d=0.5:r=10[a];color=red:s=64x48:d=0.5:r=10[b];[a][b]concat"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", halves, "-pix_fmt", "yuv420p", clip],
        check=True,
    )
    answer = page.predict(
        handle_file(str(video)),
        background_picture=handle_file(str(clip)),
        api_name="/replace_video",
    )
    frames = list(read_frames(Path(answer)))
    assert near(frames[0][5, 5], BLUE, 40)
    assert near(frames[-1][5, 5], (255, 0, 0), 40)


def test_a_program_cancels_a_video(page, video, tmp_path):
    long = tmp_path / "long.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-stream_loop", "170", "-i", video, "-c", "copy", long],
        check=True,
    )
    job = page.submit(handle_file(str(long)), api_name="/replace_video")
    while len(job.outputs()) < 2:
        assert not job.done()
        time.sleep(0.05)
    assert job.cancel()
    started = time.monotonic()
    page.predict(handle_file(str(video)), api_name="/replace_video")
    assert time.monotonic() - started < 20  # it had not to wait for the rest


def test_a_program_is_told_what_was_wrong(page, photo):
    with pytest.raises(AppError, match="no background '/etc/passwd'"):
        page.predict(handle_file(str(photo)), background="/etc/passwd", api_name="/replace_image")


def test_the_device_line_waits_for_the_warm_up(desk):
    assert desk.describe().endswith("warming up")
    desk.warm_up()
    for _ in range(500):
        if desk.frame_ms is not None:
            break
        time.sleep(0.01)
    line, timer = app.tell_speed(desk)
    assert line.endswith("ms a frame")
    assert timer.active is False


@pytest.mark.parametrize("pixel", [(-5, 3), (10**400, 3), (119, 79)])
def test_a_click_lies_on_the_photo(pixel):
    assert all(0 < share < 1 for share in as_shares(pixel, np.zeros((80, 120, 3), np.uint8)))


def test_the_first_run_says_nothing_of_the_speed(desk, monkeypatch):
    looks = []

    def probability(frame, size):
        assert desk.frame_ms is None  # until then the page waits
        looks.append(size)

    monkeypatch.setattr(desk.segmenter, "probability", probability)
    desk._warm_up()
    assert len(looks) == 2 and desk.frame_ms is not None


def test_a_jpeg_takes_the_place_only_of_what_it_was_made_of():
    made = ("a.heic", "a.jpg")
    assert put_in_place("a.heic", made) == "a.jpg"
    for now in ("b.heic", "b.png", None):
        assert put_in_place(now, made) == gr.skip()
    assert put_in_place("b.png", None) == gr.skip()


def test_what_can_not_be_converted_is_taken_away():
    assert without_unseen("a.heic") is None
    assert without_unseen("a.png") == gr.skip()


def test_what_can_not_be_started_is_told_in_one_line():
    settings = {**os.environ, "BACKDROP_BACKEND": "steam"}
    done = subprocess.run(
        [sys.executable, app.__file__], env=settings, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("no backend 'steam'")
    assert "Traceback" not in done.stderr
