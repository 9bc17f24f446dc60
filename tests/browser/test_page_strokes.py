"""Correcting a photo's result by hand: the view with the strokes, in a real browser."""

import numpy as np
import pytest
from PIL import Image
from room import HEIGHT, WIDTH, near, scene
from visitor import IS_LOADED, downloaded, downloaded_person, read_pixels, upload_photo

VIOLET = (90, 60, 200)  # which the segmenter does not take for a person


def test_what_is_drawn_is_kept_or_removed_and_taken_back(page, tmp_path):
    open_board(page, tmp_path)
    assert is_pale(page, 450, 240) and not is_pale(page, 160, 240)
    draw(page, "Keep", (425, 240), (475, 240))
    wait_for_board(page, 1)
    assert not is_pale(page, 450, 240)
    bag = near(downloaded(page), VIOLET, 40)
    assert bag.mean() == pytest.approx(100 * 60 / (WIDTH * HEIGHT), rel=0.05)
    draw(page, "Remove", (160, 200), (160, 280))
    wait_for_board(page, 2)
    person = downloaded_person(page)
    assert not person[190:290, 155:165].any() and person[240, [100, 220]].all()
    for count in (1, 0):
        page.get_by_role("button", name="Undo").click()
        wait_for_board(page, count)
    assert is_pale(page, 450, 240) and not is_pale(page, 160, 240)
    assert page.get_by_role("button", name="Undo").is_disabled()


def test_what_was_drawn_stays_while_others_views_are_seen_and_goes_with_its_photo(page, tmp_path):
    for name in ("first", "second"):
        frame = scene(0 if name == "first" else 0.5)
        frame[210:270, 400:500] = VIOLET
        Image.fromarray(frame).save(tmp_path / f"{name}.png")
    upload_photo(page, tmp_path / "first.png")
    page.get_by_role("radio", name="Correct").click()
    wait_for_board(page, 0)
    draw(page, "Keep", (425, 240), (475, 240))
    wait_for_board(page, 1)
    page.get_by_role("radio", name="Matte").click()
    page.wait_for_function(IS_LOADED, arg="#matte img")
    page.get_by_role("radio", name="Transparent").click()
    page.get_by_role("radio", name="Correct").click()
    wait_for_board(page, 1)
    assert downloaded(page)[240, 450, 3] > 250
    page.click("#photo [aria-label='Remove Image']")
    page.set_input_files("#photo input[type=file]", tmp_path / "second.png")
    wait_for_board(page, 0)
    assert downloaded(page)[240, 450, 3] == 0
    assert page.get_by_role("button", name="Start over").is_disabled()
    page.click("#photo [aria-label='Remove Image']")
    page.set_input_files("#photo input[type=file]", tmp_path / "first.png")
    wait_for_board(page, 1)  # it counts in this photo again, so it can be taken back
    page.get_by_role("button", name="Undo").click()
    wait_for_board(page, 0)
    assert downloaded(page)[240, 450, 3] == 0


def test_without_a_photo_one_is_asked_for_and_nothing_can_be_undone(page, tmp_path):
    page.get_by_role("radio", name="Correct").click()
    page.get_by_text("Add a photo first").wait_for()
    page.get_by_role("radio", name="Before and after").click()
    open_board(page, tmp_path)
    draw(page, "Keep", (425, 240), (475, 240))
    wait_for_board(page, 1)
    page.click("#photo [aria-label='Remove Image']")
    page.get_by_text("Add a photo first").wait_for()
    assert page.get_by_role("button", name="Undo").is_disabled()
    assert page.get_by_role("button", name="Start over").is_disabled()


def test_what_was_drawn_on_a_photo_that_comes_back_can_be_undone(page, tmp_path):
    open_board(page, tmp_path)
    draw(page, "Keep", (425, 240), (475, 240))
    wait_for_board(page, 1)
    Image.fromarray(scene(0.5)).save(tmp_path / "other.png")
    for name, count in (("other", 0), ("bag", 1)):
        page.click("#photo [aria-label='Remove Image']")
        page.set_input_files("#photo input[type=file]", tmp_path / f"{name}.png")
        wait_for_board(page, count)
    assert not is_pale(page, 450, 240)
    page.get_by_role("button", name="Undo").click()
    wait_for_board(page, 0)
    assert is_pale(page, 450, 240)


def test_while_an_answer_is_made_one_sees_the_photo_and_all_that_is_drawn(page, running, tmp_path):
    """A stroke is drawn, taken back, and another drawn; then comes the answer to the first."""
    open_board(page, tmp_path)
    running.behave("frozen")
    draw(page, "Keep", (300, 100), (340, 100))
    page.locator("#strokes .progress-text").get_by_text("processing").wait_for()
    opacity = "part => getComputedStyle(part).opacity"
    assert page.locator("#strokes > .html-container").evaluate(opacity) == "1"
    page.get_by_role("button", name="Undo").click()
    draw(page, "Keep", (425, 240), (475, 240))
    page.evaluate(KEEP_STROKES)
    running.behave("slow")
    wait_for_board(page, 1)
    assert not is_pale(page, 450, 240) and is_pale(page, 320, 100)
    assert page.evaluate("window.painted.length") >= 2
    assert page.evaluate("window.painted.every(Boolean)"), "a stroke vanished before its answer"


# Whether violet is tinted by the last stroke, or not pale, whenever the board was drawn.
KEEP_STROKES = """() => {
  const canvas = document.querySelector('#strokes canvas'), screen = canvas.getContext('2d');
  window.painted = [];
  new MutationObserver(() => requestAnimationFrame(() => {
    const at = [450 * canvas.width / 640, 240 * canvas.height / 480];
    const [red, green, blue] = screen.getImageData(...at, 1, 1).data;
    window.painted.push(Math.max(red, green, blue) - Math.min(red, green, blue) > 40);
  })).observe(canvas, { attributes: true });
}"""


def test_a_stroke_that_leaves_the_picture_does_not_run_along_its_edge(page, tmp_path):
    open_board(page, tmp_path)
    draw(page, "Keep", (60, 60), (-80, 60), (-80, 420), (60, 420))
    wait_for_board(page, 1)
    assert not is_pale(page, 40, 60) and not is_pale(page, 40, 420)
    assert is_pale(page, 4, 240)


def test_by_keys_one_draws_too(page, tmp_path):
    open_board(page, tmp_path)
    page.locator("#strokes canvas").focus()
    for _ in range(10):  # from the middle, half a brush each
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    wait_for_board(page, 1)
    assert not is_pale(page, 450, 240)
    page.keyboard.press("Control+z")
    wait_for_board(page, 0)


def test_what_is_drawn_does_not_fill_the_page_with_elements(page, tmp_path):
    open_board(page, tmp_path)
    count = "document.querySelectorAll('*').length"
    before = page.evaluate(count)
    draw(page, "Keep", *[(100 + 5 * i, 100 + 40 * (i % 2)) for i in range(40)])
    wait_for_board(page, 1)
    assert page.evaluate("window.strokes.strokes[0].points.length") > 100
    assert page.evaluate(count) < before + 50


def test_two_fingers_zoom_and_draw_nothing(browser, running, tmp_path):
    running.behave("red")
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = phone.new_page()
    page.goto(running.address)
    open_board(page, tmp_path)
    page.locator("#strokes canvas").scroll_into_view_if_needed()
    touch = phone.new_cdp_session(page).send

    def fingers(kind, *places):
        points = [
            dict(zip("xy", place_on_board(page, *place), strict=True), id=number)
            for number, place in enumerate(places)
        ]
        touch("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (300, 240))
    fingers("touchStart", (300, 240), (340, 240))
    for far in range(10, 200, 10):
        fingers("touchMove", (300 - far, 240), (340 + far, 240))
    fingers("touchEnd")
    fingers("touchStart", (425, 240))
    fingers("touchMove", (475, 240))
    fingers("touchEnd")
    wait_for_board(page, 1)
    assert page.evaluate("window.strokes.strokes.length") == 1
    places = np.array(page.evaluate("window.strokes.strokes[0].points"))
    assert places[:, 0].min() > 0.6
    assert page.evaluate(
        "getComputedStyle(document.querySelector('#strokes canvas')).touchAction"
    ) == ("pinch-zoom")
    phone.close()


def open_board(page, tmp_path):
    """Show the fourth view of the disc and a violet bag, which the segmenter does not see."""
    frame = scene(0)
    frame[210:270, 400:500] = VIOLET
    Image.fromarray(frame).save(tmp_path / "bag.png")
    upload_photo(page, tmp_path / "bag.png")
    page.get_by_role("radio", name="Correct").click()
    wait_for_board(page, 0)
    page.locator("#strokes canvas").wait_for()  # hidden, it has its answer, too, but takes no focus


def wait_for_board(page, count):
    """Until the answer is there that so many strokes count in."""
    page.wait_for_function(
        "count => document.querySelector('#strokes canvas').dataset.count == count", arg=count
    )
    page.wait_for_selector("#photo-get:not([disabled])")


def place_on_board(page, column, row):
    box = page.locator("#strokes canvas").bounding_box()
    return box["x"] + box["width"] * column / WIDTH, box["y"] + box["height"] * row / HEIGHT


def draw(page, tool, *places):
    page.get_by_role("radio", name=tool, exact=True).check()
    for number, place in enumerate(places):
        page.mouse.move(*place_on_board(page, *place), steps=4)
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    page.mouse.move(0, 0)


def is_pale(page, column, row):
    board = read_pixels(page, "#strokes canvas")
    return board[row * board.shape[0] // HEIGHT, column * board.shape[1] // WIDTH].min() > 170
