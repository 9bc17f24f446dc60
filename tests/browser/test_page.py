"""All three tabs in a real browser, with a fake webcam whose scene is known.

The scene: a red disc, the person, in a textured green room; the new background is teal. The disc
stays in the left half of the camera's picture, so a mirrored picture has it in the right half.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

sys.path.append(str(Path(__file__).parents[1]))

from page_server import ROOT, served_page

from segmenter.background import Picture
from segmenter.images import open_image

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing; apt-get install it")

WIDTH, HEIGHT, RADIUS = 640, 480, 80
PERSON, TEAL, GREY = (210, 30, 40), (47, 127, 121), (128, 133, 140)
ORANGE = (250, 120, 0)
VIOLET = (90, 60, 200)  # which the segmenter does not take for a person
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
WAIT_MS = 60_000


def scene(time_s, width=WIDTH, height=HEIGHT):
    """The disc swings between x = 100 and x = 220, once in two seconds."""
    rows, columns = np.mgrid[:height, :width]
    texture = 25 * ((rows // 16 + columns // 16) % 2)
    picture = np.dstack([20 + 0 * rows, 130 + texture, 40 + texture // 2]).astype(np.uint8)
    centre = (int(160 + 60 * np.sin(np.pi * time_s)) * width // WIDTH, height // 2)
    return cv2.circle(picture, centre, RADIUS * width // WIDTH, PERSON, -1, cv2.LINE_AA)


@pytest.fixture(scope="module")
def webcam(tmp_path_factory):
    """Four seconds of the scene as MJPEG: JPEGs, one after the other."""
    path = tmp_path_factory.mktemp("webcam") / "scene.mjpeg"
    with path.open("wb") as file:
        for number in range(120):
            Image.fromarray(scene(number / 30)).save(file, "JPEG", quality=92)
    return path


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def running(cache):
    with served_page(cache) as page:
        yield page


@pytest.fixture(scope="module")
def browser(webcam):
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={webcam}"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(running, browser):
    """The page, freshly opened; it notes in `page.asked` and `page.failed` what it asks for."""
    running.behave("red")
    page = browser.new_page(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page.set_default_timeout(WAIT_MS)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.failed = []  # at the server
    page.on("response", lambda answer: answer.status >= 500 and page.failed.append(answer.url))
    page.goto(running.address)
    page.wait_for_selector("#photo")
    page.get_by_role("radio", name="Colour").click()
    yield page
    page.close()


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()


def near(picture, colour, tolerance=25):
    """Where a picture, (H, W, 3 or more), has a colour."""
    return np.abs(picture[..., :3].astype(int) - colour).max(axis=-1) <= tolerance


def is_room(picture):
    """Where the green room can be seen; teal has three times its blue."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return (green - red > 60) & (green - blue > 45)


def require_replaced(picture):
    """Hold the claim of this product against one shown picture; give the disc's centre."""
    assert is_room(picture).mean() < 0.005, "the room can be seen"
    person = near(picture, PERSON, 60)
    disc = np.pi * RADIUS**2 / (WIDTH * HEIGHT)
    assert 0.85 * disc < person.mean() < 1.15 * disc, "the person is not whole"
    assert near(picture, TEAL).mean() > 0.9 * (1 - disc), "the new background is missing"
    return np.argwhere(person).mean(axis=0)[1]


# Photo


def upload_photo(page, path):
    page.set_input_files("#photo input[type=file]", path)
    page.wait_for_selector("#result img")
    page.wait_for_selector("#photo-get:not([disabled])")


def test_a_photo_is_replaced_on_upload_and_downloaded_at_full_size(page, tmp_path):
    before = scene(0, 2000, 1500)
    Image.fromarray(before).save(tmp_path / "Me at home.png")
    upload_photo(page, tmp_path / "Me at home.png")
    with page.expect_download() as downloading:
        page.click("#photo-get")
    assert downloading.value.suggested_filename == "Me at home-backdrop.png"
    result = np.array(Image.open(downloading.value.path()))
    assert result.shape == before.shape
    require_replaced(result)
    person = near(before, PERSON, 5)
    assert near(result, PERSON, 40)[person].mean() > 0.98
    assert not is_room(result)[~person].mean() > 0.005


def test_the_shown_halves_are_the_photo_and_the_result(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    shown = {address: fetch(page, address) for address in image_addresses(page)}
    assert len(shown) == 2
    rooms = sorted(is_room(picture).mean() for picture in shown.values())
    assert rooms[0] < 0.005
    assert rooms[1] > 0.5


def image_addresses(page):
    page.wait_for_function("document.querySelectorAll('#result img').length >= 2")
    return page.eval_on_selector_all("#result img", "images => images.map(image => image.src)")


def fetch(page, address):
    return np.array(Image.open(BytesIO(page.request.get(address).body())).convert("RGB"))


def test_a_change_of_the_background_changes_the_result(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    before = image_addresses(page)
    page.get_by_role("radio", name="Transparent").click()
    page.wait_for_function(
        "before => document.querySelectorAll('#result img')[0].src != before[0] || "
        "document.querySelectorAll('#result img')[1].src != before[1]",
        arg=before,
    )


def test_a_click_keeps_one_person_and_the_views_show_her(page, tmp_path):
    """Two discs, on the left and on the right; the left one is clicked in the shown photo."""
    couple = cv2.circle(scene(0), (480, HEIGHT // 2), RADIUS, PERSON, -1, cv2.LINE_AA)
    Image.fromarray(couple).save(tmp_path / "couple.png")
    upload_photo(page, tmp_path / "couple.png")
    disc = np.pi * RADIUS**2 / (WIDTH * HEIGHT)
    assert downloaded_person(page).mean() == pytest.approx(2 * disc, rel=0.1)
    shown = page.locator("#photo img")
    box = shown.bounding_box()
    click = {"x": box["width"] * 160 / WIDTH, "y": box["height"] / 2}
    shown.click(position=click)
    page.get_by_text("Only the one you clicked is kept").wait_for()
    person = downloaded_person(page)
    assert person.mean() == pytest.approx(disc, rel=0.1)
    assert np.argwhere(person).mean(axis=0)[1] < WIDTH / 2
    page.get_by_role("radio", name="Edges").click()
    page.get_by_text("those that moved the outline").wait_for()
    page.wait_for_function(IS_LOADED, arg="#edges img")
    edges = read_pixels(page, "#edges img")
    assert near(edges, (0, 114, 178), 60).any() and not near(edges, PERSON, 60).any()
    page.get_by_role("radio", name="Matte").click()
    page.wait_for_function(IS_LOADED, arg="#matte img")
    assert (read_pixels(page, "#matte img")[..., 0] > 128).mean() == pytest.approx(disc, rel=0.1)
    page.click("#photo-everyone")
    page.get_by_text("Several people?").wait_for()
    assert downloaded_person(page).mean() == pytest.approx(2 * disc, rel=0.1)


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


def open_board(page, tmp_path):
    """Show the fourth view of the disc and a violet bag, which the segmenter does not see."""
    frame = scene(0)
    frame[210:270, 400:500] = VIOLET
    Image.fromarray(frame).save(tmp_path / "bag.png")
    upload_photo(page, tmp_path / "bag.png")
    page.get_by_role("radio", name="Correct").click()
    wait_for_board(page, 0)


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


IS_LOADED = "selector => document.querySelector(selector)?.naturalWidth > 0"


def downloaded_person(page):
    return near(downloaded(page), PERSON, 60)


def downloaded(page):
    with page.expect_download() as downloading:
        page.click("#photo-get")
    with Image.open(downloading.value.path()) as picture:
        return np.array(picture)


def test_a_broken_photo_is_explained(page, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"milk, bread")
    page.set_input_files("#photo input[type=file]", tmp_path / "broken.png")
    toast = page.wait_for_selector(".toast-body")
    assert "broken.png" in toast.inner_text()


def choose_file(page, selector, path):
    page.set_input_files(f"{selector} input[type=file]", path)


def drop_file(page, selector, path):
    """As a hand does it: events that a page makes itself are not the same."""
    box = page.locator(selector).bounding_box()
    middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    hand = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        hand.send("Input.dispatchDragEvent", {"type": kind, **middle, "data": data})


@pytest.mark.parametrize("bring", [choose_file, drop_file])
def test_a_photo_as_iphones_store_it(page, tmp_path, bring):
    """Chromium neither knows its type nor can show it."""
    path = tmp_path / "IMG_1234.HEIC"
    pillow_heif.from_pillow(Image.fromarray(scene(0))).save(path, quality=90)
    bring(page, "#photo", path)
    page.wait_for_selector("#photo-get:not([disabled])")
    require_replaced(fetch(page, image_addresses(page)[1]))
    shown = page.wait_for_selector("#photo img").get_property
    assert (shown("naturalWidth").json_value(), shown("naturalHeight").json_value()) == (640, 480)
    with page.expect_download() as download:
        page.click("#photo-get")
    assert download.value.suggested_filename == "IMG_1234-backdrop.png"


def test_a_photo_that_was_removed_while_it_was_converted_stays_away(page, tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (1500, 2000, 3), np.uint8)
    pillow_heif.from_pillow(Image.fromarray(noise)).save(tmp_path / "large.heic", quality=90)
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    choose_file(page, "#photo", tmp_path / "large.heic")
    page.click("#photo [aria-label=Clear], #photo [aria-label='Remove Image']")
    upload_photo(page, tmp_path / "photo.png")
    page.wait_for_timeout(2500)  # by then it would be back
    require_replaced(fetch(page, image_addresses(page)[1]))
    assert "photo" in page.get_attribute("#photo img", "src")


def test_a_broken_photo_of_that_kind_is_explained(page, tmp_path):
    (tmp_path / "IMG_1234.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99)
    choose_file(page, "#photo", tmp_path / "IMG_1234.HEIC")
    assert "IMG_1234.HEIC is damaged" in page.wait_for_selector(".toast-body").inner_text()
    page.get_by_text("Drop Image Here").first.wait_for()


def test_a_photo_with_nobody_in_it_is_told(page, tmp_path):
    Image.fromarray(np.zeros((HEIGHT, WIDTH, 3), np.uint8)).save(tmp_path / "empty.png")
    upload_photo(page, tmp_path / "empty.png")
    page.get_by_text("Nobody was found in this photo").wait_for()
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    page.locator("#photo").get_by_label("Remove").or_(
        page.locator("#photo").get_by_label("Clear")
    ).first.click()
    upload_photo(page, tmp_path / "photo.png")
    page.get_by_text("Several people?").wait_for()


def test_no_download_is_offered_before_the_last_change_is_answered(page, running, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    running.behave("frozen")
    page.get_by_role("radio", name="Blur").click()
    playwright.expect(page.locator("#photo-get")).to_be_disabled(timeout=100)
    page.wait_for_timeout(700)  # it is being worked on: the next change has to wait for it
    page.get_by_role("radio", name="Transparent").click()
    page.wait_for_timeout(300)
    running.behave("slow")
    assert downloaded(page).shape[2] == 4


def backed(name):
    """The scene's background as a gallery picture has to make it."""
    image = open_image(ROOT / "examples" / "backgrounds" / f"{name}.jpg")
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    return Picture(image).at(0, scene(0), alpha)


def has_behind(picture, name):
    """Whether a gallery picture is behind the person; the disc stays above what is looked at."""
    return near(picture, backed(name), 40)[-HEIGHT // 4 :].mean() > 0.95


def is_shown_behind(page, name):
    """Whether the photo's result, one of the two shown halves, has a gallery picture."""
    return any(has_behind(fetch(page, address), name) for address in image_addresses(page))


def test_a_click_in_the_gallery_is_followed_and_the_mark_stays_on_it(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    page.get_by_role("radio", name="Gallery").click()
    wait_until(lambda: is_shown_behind(page, "calm-sea"))
    page.get_by_role("button", name="Window light").click()
    wait_until(lambda: is_shown_behind(page, "window-light"))
    for kind in ("Colour", "Gallery"):
        page.get_by_role("radio", name=kind).click()
    mark = page.locator("#presets .selected")
    mark.wait_for()
    page.wait_for_timeout(300)
    assert mark.all_inner_texts() == ["Window light"]
    wait_until(lambda: is_shown_behind(page, "window-light"))
    assert has_behind(downloaded(page), "window-light")
    start_live(page)
    wait_until(lambda: has_behind(read_pixels(page, "#live canvas"), "window-light"))
    page.get_by_role("button", name="City lights").click()
    wait_until(lambda: has_behind(read_pixels(page, "#live canvas"), "city-lights"))
    page.route("**/run/predict", ask_as_a_stranger)
    page.get_by_role("radio", name="Colour").click()
    wait_until(lambda: near(read_pixels(page, "#live canvas"), TEAL).mean() > 0.5)
    page.get_by_role("radio", name="Gallery").click()
    wait_until(lambda: has_behind(read_pixels(page, "#live canvas"), "city-lights"))


def ask_as_a_stranger(route):
    """Ask in a session unknown to the server, as all are to one that was started anew."""
    asked = re.sub(r'"session_hash":"\w+"', '"session_hash":"anew"', route.request.post_data)
    route.continue_(post_data=asked)


def test_the_gallery_fits_its_place_and_tells_which_picture_is_chosen(page):
    page.set_viewport_size({"width": 800, "height": 844})
    page.get_by_role("radio", name="Gallery").click()
    page.get_by_role("button", name="Misty hills", pressed=False).click()
    page.get_by_role("button", name="Misty hills", pressed=True).wait_for()
    page.get_by_role("button", name="Calm sea", pressed=False).wait_for()
    place = page.locator("#presets").bounding_box()
    for tile in page.locator("#presets button").all():
        box = tile.bounding_box()
        assert place["x"] <= box["x"]
        assert box["x"] + box["width"] <= place["x"] + place["width"]


@pytest.mark.parametrize("width", [390, 320])
def test_the_gallery_s_names_are_whole_on_a_phone(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    page.get_by_role("radio", name="Gallery").click()
    page.get_by_role("button", name="Window light").wait_for()
    is_whole = "names => names.map((name) => name.scrollWidth <= name.clientWidth)"
    assert all(page.eval_on_selector_all("#presets .caption-label", is_whole))


def test_two_quick_clicks_in_the_gallery_leave_the_picture_with_the_mark(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    page.get_by_role("radio", name="Gallery").click()
    page.get_by_role("button", name="Misty hills").wait_for()
    page.evaluate(
        """for (const name of ['Misty hills', 'Window light'])
          document.querySelector(`#presets [aria-label="${name}"]`).click();"""
    )
    wait_until(lambda: is_shown_behind(page, "window-light"))
    assert page.locator("#presets .selected").all_inner_texts() == ["Window light"]
    page.evaluate(
        """for (const name of ['Colour', 'Blur', 'Gallery'])
          document.querySelector(`#kind input[value="${name}"]`).click();"""
    )
    playwright.expect(page.locator("#presets")).to_be_visible()
    playwright.expect(page.get_by_label("Blur")).to_have_count(1)  # the radio, not the slider


def test_a_broken_background_is_explained_and_other_kinds_go_on(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    (tmp_path / "text.jpg").write_bytes(b"milk, bread")
    upload_photo(page, tmp_path / "photo.png")
    page.get_by_role("radio", name="My picture").click()
    page.set_input_files("#own-background input[type=file]", tmp_path / "text.jpg")
    assert "text.jpg" in page.wait_for_selector(".toast-body").inner_text()
    page.wait_for_timeout(1000)
    assert page.locator(".toast-body").count() == 1
    page.failed.clear()  # Gradio tells of an expected error by 500, too
    page.get_by_role("radio", name="Transparent").click()
    assert downloaded(page).shape[2] == 4
    assert not page.failed


def test_a_broken_photo_is_explained_after_an_example_too(page, tmp_path):
    page.locator("#photo-examples button").first.click()
    page.wait_for_selector("#photo-get:not([disabled])")
    page.click("#photo [aria-label=Clear], #photo [aria-label='Remove Image']")
    test_a_broken_photo_is_explained(page, tmp_path)


def test_an_emptied_number_field_is_the_default(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    page.get_by_text("People and edges").click()
    page.get_by_label("Softness").first.fill("")
    page.get_by_role("radio", name="Blur").click()
    page.locator("input[type=number]").first.fill("")
    page.get_by_role("radio", name="Transparent").click()
    wait_until(lambda: downloaded(page).shape[2] == 4)
    assert not page.failed


def test_the_arrow_keys_go_through_the_choices(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    page.get_by_role("radio", name="Blur").click()
    page.get_by_label("Blur").last.wait_for()
    page.get_by_role("radio", name="Blur").focus()
    page.keyboard.press("ArrowRight")
    playwright.expect(page.get_by_role("radio", name="Transparent")).to_be_checked()
    wait_until(lambda: downloaded(page).shape[2] == 4)
    page.get_by_role("radio", name="Transparent").focus()
    for name in ("Blur", "My picture", "Colour"):  # Gradio numbers the buttons anew each time
        page.keyboard.press("ArrowLeft")
        playwright.expect(page.get_by_role("radio", name=name)).to_be_checked()
    wait_until(lambda: downloaded(page).shape[2] == 3)


def test_what_has_the_focus_is_seen(page):
    look = "getComputedStyle(document.activeElement.closest('label') ?? document.activeElement)"
    page.get_by_role("radio", name="Colour").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{look}.outlineStyle") == "solid"
    page.get_by_text("People and edges").click()
    page.locator("input[id^=range_id]").last.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{look}.outlineStyle") == "solid"


def test_under_a_picture_only_pasting_is_offered(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    page.get_by_role("radio", name="My picture").click()
    for field in ("#photo", "#own-background"):
        choose_file(page, field, tmp_path / "photo.png")
        page.wait_for_selector(f"{field} img")
        bar = page.locator(field)
        playwright.expect(bar.get_by_label("Paste from clipboard")).to_be_visible()
        playwright.expect(bar.get_by_label("Upload file")).to_be_hidden()


def test_what_can_be_pressed_has_a_name(page):
    page.get_by_role("radio", name="Gallery").click()
    page.get_by_role("button", name="Misty hills", exact=True).wait_for()
    page.get_by_role("button", name="grace hopper", exact=True).wait_for()
    page.get_by_role("group", name="Background").get_by_role("radio", name="Blur").wait_for()
    page.get_by_role("group", name="Picture fit").get_by_role("radio", name="Tile").wait_for()
    page.get_by_role("group", name="View").get_by_role("radio", name="Matte").wait_for()
    page.get_by_text("People and edges").click()
    page.get_by_role("button", name="Reset Softness").wait_for()
    page.get_by_role("radio", name="Colour").click()
    page.get_by_role("button", name="Colour", exact=True).click()
    page.get_by_role("button", name="Pick a colour from the screen").wait_for()
    page.get_by_role("textbox", name="Colour in numbers").wait_for()
    open_tab(page, "Video")
    page.get_by_role("button", name="clip", exact=True).wait_for()


def test_the_pictures_have_names(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    for name in ("Your photo", "Before", "After"):
        page.get_by_role("img", name=name, exact=True).wait_for()
    page.get_by_role("radio", name="Matte").click()
    page.get_by_role("img", name="Matte", exact=True).wait_for()


def test_what_a_photo_or_video_came_to_is_heard(page):
    for tab, words in (("Photo", "#photo-hint"), ("Video", "#estimate")):
        open_tab(page, tab)
        page.wait_for_selector(f"{words}[aria-live=polite]")


# Video


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two seconds of the scene with a tone."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    words = f"-f rawvideo -pix_fmt rgb24 -s {WIDTH}x{HEIGHT} -r 15 -i - -f lavfi -i sine=440"
    command = ["ffmpeg", "-v", "error", *words.split(), "-t", "2", "-pix_fmt", "yuv420p", path]
    frames = b"".join(scene(number / 15).tobytes() for number in range(30))
    subprocess.run(command, input=frames, check=True, timeout=60)
    return path


def upload_video(page, path):
    open_tab(page, "Video")
    page.set_input_files("#video input[type=file]", path)
    page.wait_for_selector("#video video")


def test_a_video_is_replaced_and_plays(page, clip):
    upload_video(page, clip)
    page.get_by_text(re.compile("2 s of 640x480 at 15 frames a second, with sound")).wait_for()
    page.click("#video-go")
    page.wait_for_selector("#video-result video")
    page.get_by_text("Done: mp4").wait_for()
    page.evaluate(PLAY)
    page.wait_for_function("document.querySelector('#video-result video').currentTime > 0.5")
    require_replaced(read_pixels(page, "#video-result video"))
    with page.expect_download() as downloading:
        page.click("#video-get")
    assert downloading.value.suggested_filename == "clip-backdrop.mp4"


PLAY = """() => {
  const video = document.querySelector('#video-result video');
  video.muted = true;
  return video.play();
}"""


def test_a_video_of_a_kind_unknown_to_browsers(page, clip, tmp_path):
    recording = tmp_path / "camera.M2T"
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-f", "mpegts", recording], check=True)
    open_tab(page, "Video")
    choose_file(page, "#video", recording)
    page.get_by_text("of 640x480 at 15 frames a second").wait_for()
    wait_until(lambda: page.locator(".toast-body").count() == 0)
    words = "getComputedStyle(document.querySelector('#video'), '::after').content"
    page.wait_for_function(f"""{words}.includes("can't play")""")
    page.click("#video-go")
    page.get_by_text("Done").wait_for()
    page.locator("#video-examples button").first.click()
    page.wait_for_function(f"{words} === 'none'")


def test_a_file_that_is_no_video_is_explained_however_often_one_looks(page, tmp_path):
    """Gradio puts all errors in one box, also its own on what can't be played."""
    (tmp_path / "notes.mp4").write_bytes(b"milk, bread")
    page.click("#photo-go")
    page.locator(".toast-body", has_text="add a photo first").wait_for()
    open_tab(page, "Video")
    choose_file(page, "#video", tmp_path / "notes.mp4")
    page.locator(".toast-body", has_text="notes.mp4 is not a video").wait_for()
    page.wait_for_selector("#video .unplayable", state="attached")
    page.wait_for_timeout(500)
    told = page.locator(".toast-body").inner_text()
    assert "add a photo first" in told and "notes.mp4 is not a video" in told
    assert "not playable" not in told


def test_cancel_stops_the_work_and_leaves_no_file(page, running, clip, cache):
    running.behave("slow")
    upload_video(page, clip)
    page.click("#video-go")
    page.get_by_text(re.compile(r"Frame \d+ of 30")).wait_for()
    assert unfinished(cache)
    page.click("#video-cancel")
    page.get_by_text("Cancelled; nothing was kept.").wait_for()
    wait_until(lambda: not unfinished(cache))
    time.sleep(1.5)
    assert not unfinished(cache)
    assert page.get_by_text("Done:").count() == 0
    running.behave("red")
    page.click("#video-go")  # and the next job is not held up
    page.get_by_text("Done: mp4").wait_for()


def test_another_video_ends_the_work_on_the_one_before(page, running, clip, cache):
    running.behave("slow")
    upload_video(page, clip)
    page.click("#video-go")
    page.get_by_text(re.compile(r"Frame \d+ of 30")).wait_for()
    page.locator("#video-examples button").first.click()
    page.get_by_text("Cancelled; nothing was kept.").wait_for()
    wait_until(lambda: not unfinished(cache))
    playwright.expect(page.locator("#video-go")).to_be_enabled()
    running.behave("red")
    time.sleep(1.5)
    assert page.locator("#video-result video").count() == 0


def test_closing_the_page_stops_the_work(page, running, clip, cache):
    running.behave("slow")
    upload_video(page, clip)
    page.click("#video-go")
    page.get_by_text(re.compile(r"Frame \d+ of 30")).wait_for()
    assert unfinished(cache)
    before = results(cache)
    page.close()
    wait_until(lambda: not unfinished(cache), timeout_s=5)
    assert results(cache) == before


def test_a_job_that_fails_leaves_the_buttons_as_before_it(page, clip):
    open_tab(page, "Video")
    require_failure(page, "add a video first")
    upload_video(page, clip)
    page.get_by_role("radio", name="Transparent").click()
    page.get_by_role("radio", name="MP4").click()
    require_failure(page, "mp4 can't be transparent")
    page.get_by_role("radio", name="WebM").click()
    page.click("#video-go")
    page.get_by_text("Done: webm").wait_for()


def test_a_failed_job_offers_no_earlier_result(page, clip, tmp_path):
    upload_video(page, clip)
    page.click("#video-go")
    page.get_by_text("Done: mp4").wait_for()
    page.wait_for_selector("#video-get:not([disabled])")
    page.get_by_role("radio", name="Transparent").click()
    page.get_by_role("radio", name="MP4").click()
    require_failure(page, "mp4 can't be transparent")
    playwright.expect(page.locator("#video-get")).to_be_disabled()
    assert page.locator("#video-result video").count() == 0
    page.get_by_role("radio", name="WebM").click()
    page.click("#video-go")
    page.get_by_text("Done: webm").wait_for()
    page.click("#video [aria-label=Clear], #video [aria-label='Remove Video']")
    playwright.expect(page.locator("#video-get")).to_be_disabled()
    playwright.expect(page.locator("#video-state")).not_to_contain_text("Done")
    page.set_input_files("#video input[type=file]", clip)  # and the next goes as the first did
    page.wait_for_selector("#video video")
    page.click("#video-go")
    page.get_by_text("Done: webm").wait_for()
    page.wait_for_selector("#video-get:not([disabled])")
    page.locator("#video-examples button").first.click()
    playwright.expect(page.locator("#video-get")).to_be_disabled()
    playwright.expect(page.locator("#video-state")).not_to_contain_text("Done")


def test_whoever_waits_for_another_s_video_is_told(page, running, browser, clip):
    running.behave("slow")
    upload_video(page, clip)
    page.click("#video-go")
    page.get_by_text(re.compile(r"Frame \d+ of 30")).wait_for()
    other = browser.new_page()
    other.set_default_timeout(WAIT_MS)
    other.goto(running.address)
    upload_video(other, clip)
    other.click("#video-go")
    other.get_by_text("Waiting for its turn… It is the next.").wait_for()
    third = browser.new_page()
    third.set_default_timeout(WAIT_MS)
    third.goto(running.address)
    upload_video(third, clip)
    third.click("#video-go")
    third.get_by_text("Waiting for its turn… It is number 2 in the queue.").wait_for()
    third.get_by_text("Waiting for its turn… It is the next.").wait_for()
    running.behave("red")
    third.get_by_text("Done: mp4").wait_for()
    other.close()
    third.close()


def require_failure(page, words):
    page.click("#video-go")
    page.locator(".toast-body", has_text=words).wait_for()
    playwright.expect(page.locator("#video-state")).not_to_contain_text("Starting", timeout=5000)
    playwright.expect(page.locator("#video-cancel")).to_be_disabled(timeout=5000)
    playwright.expect(page.locator("#video-go")).to_be_enabled(timeout=5000)


def test_a_job_may_follow_a_cancelled_one_at_once(page, running, clip):
    running.behave("slow")
    upload_video(page, clip)
    page.click("#video-go")
    page.get_by_text(re.compile(r"Frame \d+ of 30")).wait_for()
    page.click("#video-cancel")
    page.click("#video-go")
    running.behave("red")
    page.get_by_text("Done: mp4").wait_for(timeout=20_000)


def test_the_examples_work_at_one_click(page):
    page.locator("#photo-examples button, #photo-examples .gallery-item").first.click()
    page.wait_for_selector("#photo-get:not([disabled])")
    open_tab(page, "Video")
    page.locator("#video-examples button, #video-examples .gallery-item").first.click()
    page.get_by_text(re.compile("frames a second, with sound: about")).wait_for()


def unfinished(cache):
    """Files that are being written: their names begin with a dot. The folders may vanish."""
    return [name for *_, names in os.walk(cache) for name in names if name.startswith(".")]


def results(cache):
    return [
        name for *_, names in os.walk(cache) for name in names if name.startswith("clip-backdrop")
    ]


def wait_until(condition, timeout_s=20):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


# Live


READ = """([selector, width, height]) => {
  const copy = Object.assign(document.createElement('canvas'), { width, height });
  copy.getContext('2d').drawImage(document.querySelector(selector), 0, 0, width, height);
  return copy.toDataURL('image/png').split(',')[1];
}"""


def read_pixels(page, selector):
    """What the page shows, (H, W, 4)."""
    encoded = page.evaluate(READ, [selector, WIDTH, HEIGHT])
    return np.array(Image.open(BytesIO(base64.b64decode(encoded))))


def start_live(page):
    open_tab(page, "Live")
    page.click(".live-start")
    page.get_by_text(re.compile("ms round trip")).wait_for()
    return read_pixels(page, "#live canvas")


def test_live_shows_the_person_before_the_new_background_and_follows_her(page):
    start_live(page)
    centres = []
    for _ in range(12):
        centres.append(require_replaced(read_pixels(page, "#live canvas")))
        time.sleep(0.25)
    assert min(centres) > WIDTH / 2, "the picture is not mirrored"
    assert max(centres) - min(centres) > 30, "the person does not move"
    page.uncheck(".live-mirror")
    wait_until(lambda: require_replaced(read_pixels(page, "#live canvas")) < WIDTH / 2)


def test_without_segmentation_the_same_claim_fails(page, running):
    running.behave("everyone")
    picture = start_live(page)
    with pytest.raises(AssertionError, match="the room can be seen"):
        require_replaced(picture)
    assert is_room(picture).mean() > 0.5


@pytest.mark.parametrize(("kind", "colour"), [("Colour", TEAL), ("Blur", GREY)])
def test_the_room_is_never_shown_when_the_segmenter_fails(page, running, kind, colour):
    running.behave("broken")
    page.get_by_role("radio", name=kind).click()
    start_live(page)
    page.get_by_text("only the background is shown").wait_for()
    for _ in range(10):
        picture = read_pixels(page, "#live canvas")
        assert not is_room(picture).any()
        assert not near(picture, PERSON, 60).any()
        assert near(picture, colour, 12).mean() > 0.98
        time.sleep(0.1)


@pytest.mark.alone
def test_a_machine_that_is_behind_gets_smaller_frames(page, running):
    start_live(page)
    width = "document.querySelector('#live canvas').width"
    before = page.evaluate(width)
    running.behave("slow")
    wait_until(lambda: page.evaluate(width) <= 0.75 * before, timeout_s=40)
    page.get_by_text("for speed").wait_for()
    require_replaced(read_pixels(page, "#live canvas"))


def test_a_server_that_goes_on_after_a_pause_is_no_longer_called_slow(page, running):
    start_live(page)
    running.behave("frozen")
    page.get_by_text("The server is slow").wait_for()
    assert not is_room(read_pixels(page, "#live canvas")).any()
    running.behave("red")
    page.get_by_text("The camera is on.").wait_for(timeout=10_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_live_tab_looks_like_the_rest(page, running, theme):
    page.goto(f"{running.address}?__theme={theme}")
    primary = look_of(page, "#photo-go")["background"]
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    open_tab(page, "Live")
    assert look_of(page, ".live-start")["background"] == primary
    plain = look_of(page, ".live-say")["colour"]
    page.click(".live-start")
    trouble = look_of(page, ".live-say")["colour"]
    assert max(abs(a - b) for a, b in zip(plain, trouble, strict=True)) > 60


def look_of(page, selector):
    """The colours of a part's words and background, as RGB."""
    page.wait_for_selector(selector)
    found = page.eval_on_selector(
        selector, "part => [getComputedStyle(part).color, getComputedStyle(part).backgroundColor]"
    )
    colours = ([int(number) for number in re.findall(r"\d+", text)[:3]] for text in found)
    return dict(zip(("colour", "background"), colours, strict=True))


def test_settings_change_while_it_runs(page):
    start_live(page)
    page.get_by_role("radio", name="Transparent").click()
    wait_until(lambda: (read_pixels(page, "#live canvas")[..., 3] < 10).mean() > 0.5)
    page.get_by_role("radio", name="Colour").click()
    wait_until(lambda: near(read_pixels(page, "#live canvas"), TEAL).mean() > 0.5)


def test_a_wrong_background_is_told_while_live_and_the_last_one_stays(page, tmp_path):
    (tmp_path / "text.jpg").write_bytes(b"milk, bread")
    start_live(page)
    words = page.locator("#live .live-say")
    page.get_by_role("radio", name="My picture").click()
    playwright.expect(words).to_contain_text("add a picture")
    page.set_input_files("#own-background input[type=file]", tmp_path / "text.jpg")
    playwright.expect(words).to_contain_text("text.jpg")
    require_replaced(read_pixels(page, "#live canvas"))
    page.get_by_role("radio", name="Transparent").click()
    playwright.expect(words).to_have_text("The camera is on.")
    assert not page.failed


DELETED = "Your file was deleted after 30 minutes; add it again."


def test_files_that_were_deleted_are_asked_for_again_and_live_goes_on(page, cache, tmp_path):
    halves = np.full((64, 64, 3), TEAL, np.uint8)
    halves[:, :32] = ORANGE
    Image.fromarray(scene(0)).save(tmp_path / "gone photo.png")
    Image.fromarray(halves).save(tmp_path / "gone background.png")
    upload_photo(page, tmp_path / "gone photo.png")
    page.get_by_role("radio", name="My picture").click()
    choose_file(page, "#own-background", tmp_path / "gone background.png")
    start_live(page)

    def orange():
        """Its share in the lower left corner."""
        return near(read_pixels(page, "#live canvas")[-100:, :128], ORANGE, 40).mean()

    wait_until(lambda: orange() > 0.95)
    for path in cache.rglob("gone *.png"):
        path.unlink()
    page.get_by_role("radio", name="Tile").click()
    wait_until(lambda: 0.4 < orange() < 0.6)
    assert page.locator("#live .live-say").inner_text() == "The camera is on."
    page.locator(".toast-body", has_text=DELETED).wait_for()


def test_a_large_camera_is_sent_smaller_and_one_without_pictures_is_told(page):
    page.evaluate(LARGE_CAMERA)
    start_live(page)
    wait_until(lambda: near(read_pixels(page, "#live canvas"), PERSON, 60).mean() > 0.05)
    size = page.eval_on_selector("#live canvas", "canvas => [canvas.width, canvas.height]")
    assert size == [1706, 960]
    told = []
    page.evaluate("window.filming = false")

    def is_told():
        told.append(page.inner_text(".live-numbers"))
        return "no pictures at the moment" in page.inner_text(".live-say")

    wait_until(is_told)
    rates = [int(words.split()[0]) for words in told if "frames a second" in words]
    assert min(rates) < 0.7 * rates[0], "the rate stays while nothing is drawn"
    picture = read_pixels(page, "#live canvas")
    assert near(picture, GREY, 12).mean() > 0.9
    page.evaluate("window.filming = true")
    page.get_by_text("The camera is on.").wait_for()
    wait_until(lambda: near(read_pixels(page, "#live canvas"), PERSON, 60).mean() > 0.05)


# Of 1920x1080 pixels whatever is wanted, and without a new one while `filming` is false.
LARGE_CAMERA = """() => {
  const film = Object.assign(document.createElement('canvas'), { width: 1920, height: 1080 });
  const pen = film.getContext('2d');
  window.filming = true;
  setInterval(() => {
    if (!window.filming) return;
    pen.fillStyle = 'rgb(20, 150, 45)';
    pen.fillRect(0, 0, 1920, 1080);
    pen.fillStyle = 'rgb(210, 30, 40)';
    pen.fillRect(300, 300 + Date.now() % 50, 500, 500);
  }, 50);
  navigator.mediaDevices.getUserMedia = async () => film.captureStream();
}"""


def test_a_server_that_is_silent_or_away_is_told_and_tried_again(page):
    page.evaluate(
        """() => {
          const later = window.setTimeout;
          window.waits = [];
          window.setTimeout = (act, ms) => {
            if (!String(act).includes('connect(')) return later(act, ms);
            window.waits.push(ms);
            return later(act, 0);
          };
          window.WebSocket = class {
            static CONNECTING = 0;
            readyState = 0;
            constructor() { window.silent = this; }
            close() {}
          };
        }"""
    )
    open_tab(page, "Live")
    page.click(".live-start")
    words = page.locator("#live .live-say")
    playwright.expect(words).to_have_text("Connecting to the server…")
    playwright.expect(words).to_contain_text("The server is slow", timeout=10_000)
    assert near(read_pixels(page, "#live canvas"), GREY, 12).mean() > 0.9
    for count in range(1, 5):
        page.evaluate("() => window.silent.onclose()")
        page.wait_for_function("count => window.waits.length === count", arg=count)
        playwright.expect(words).to_have_text("Connecting to the server…")
    page.evaluate("() => window.silent.onclose()")
    playwright.expect(words).to_contain_text("Press Start to try again")
    assert page.evaluate("window.waits") == [1500, 3000, 6000, 12000]


def test_the_live_tab_follows_cameras_and_windows(page):
    page.evaluate(
        """() => {
          window.matchMedia = () => ({ matches: true }); // a finger, not a mouse
          const camera = { kind: 'videoinput', deviceId: 'new', label: 'New camera' };
          window.plugIn = () => {
            navigator.mediaDevices.enumerateDevices = async () => [camera];
            navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
          };
        }"""
    )
    open_tab(page, "Live")
    page.select_option(".live-camera", "environment")
    playwright.expect(page.locator(".live-mirror")).not_to_be_checked()
    page.select_option(".live-camera", "user")
    playwright.expect(page.locator(".live-mirror")).to_be_checked()
    page.evaluate("() => window.plugIn()")
    page.wait_for_selector(".live-camera option:text('New camera')", state="attached")
    looks = "lists => lists.map((list) => getComputedStyle(list).appearance)"
    assert "none" not in page.eval_on_selector_all("#live select", looks)  # it would hide the arrow
    page.set_viewport_size({"width": 844, "height": 390})
    box = page.locator("#live canvas").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(4 / 3, rel=0.01)
    assert box["height"] < 0.71 * 390


FACING_AWAY = """() => {
  const media = navigator.mediaDevices;
  const list = media.enumerateDevices.bind(media);
  media.enumerateDevices = async () => [
    ...(await list()),
    { kind: 'videoinput', deviceId: 'back', label: 'Camera 2' },
  ];
  const open = media.getUserMedia.bind(media);
  media.getUserMedia = async (wanted) => {
    const stream = await open({ video: true });
    const facingMode = wanted.video.deviceId?.ideal === 'back' ? 'environment' : 'user';
    stream.getVideoTracks()[0].getSettings = () => ({ facingMode });
    return stream;
  };
  media.dispatchEvent(new Event('devicechange'));
}"""


def test_a_camera_that_faces_away_is_not_mirrored_though_chosen_by_its_name(page):
    page.evaluate(FACING_AWAY)
    open_tab(page, "Live")
    page.wait_for_selector(".live-camera option:text('Camera 2')", state="attached")
    start_live(page)
    mirror = page.locator(".live-mirror")
    playwright.expect(mirror).to_be_checked()
    page.select_option(".live-camera", "back")
    playwright.expect(mirror).not_to_be_checked()
    wait_until(lambda: 0 < person_at(page) < WIDTH / 2)
    page.check(".live-mirror")  # the visitor's own choice, which stays
    page.select_option(".live-size", "480x360")
    page.get_by_text("ms round trip").wait_for()
    playwright.expect(mirror).to_be_checked()
    page.select_option(".live-camera", index=0)
    playwright.expect(mirror).to_be_checked()


def person_at(page):
    """The shown disc's centre, in columns; 0 of none."""
    person = near(read_pixels(page, "#live canvas"), PERSON, 60)
    return np.argwhere(person).mean(axis=0)[1] if person.any() else 0


SENT_SETTINGS = """() => {
  window.settingsSent = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (typeof data === 'string') window.settingsSent.push(JSON.parse(data));
    return send.call(this, data);
  };
}"""


@pytest.mark.alone
def test_lengths_mean_the_same_in_smaller_frames(page, running):
    page.evaluate(SENT_SETTINGS)
    page.get_by_role("radio", name="Blur").click()
    page.get_by_text("People and edges").click()
    page.get_by_label("number input for Softness").fill("10")
    page.get_by_label("number input for Grow or shrink").fill("-4")
    start_live(page)

    def lengths():
        sent = page.evaluate("window.settingsSent.at(-1)")
        return sent["background"], sent["options"]["feather_px"], sent["options"]["shift_px"]

    wait_until(lambda: lengths() == ("blur:20", 10, -4))
    running.behave("slow")
    wait_until(lambda: lengths() == ("blur:15", 7.5, -3), timeout_s=40)


def test_a_silent_camera_is_waited_for_without_a_session_and_comes_back(page):
    """The server's word is given here at once: it takes it a minute."""
    page.evaluate(LARGE_CAMERA)
    page.evaluate(
        """() => {
          const Real = window.WebSocket;
          window.sockets = [];
          window.WebSocket = class extends Real {
            constructor(...given) { super(...given); window.sockets.push(this); }
          };
        }"""
    )
    start_live(page)
    page.evaluate("window.filming = false")
    page.get_by_text("no pictures at the moment").wait_for()
    page.evaluate(
        """() => {
          const [socket] = window.sockets;
          const told = { data: '{"error": "no frame came for 60 seconds"}' };
          socket.onmessage(told);
          socket.onclose({ code: 4408 });
          socket.close();
        }"""
    )
    page.wait_for_timeout(2500)
    assert page.evaluate("window.sockets.length") == 1
    assert "no pictures at the moment" in page.inner_text(".live-say")
    assert page.inner_text(".live-start") == "Stop camera"
    assert near(read_pixels(page, "#live canvas"), GREY, 12).mean() > 0.9
    page.evaluate("window.filming = true")
    page.get_by_text("The camera is on.").wait_for()
    for _ in range(20):
        assert not is_room(read_pixels(page, "#live canvas")).any()
    wait_until(lambda: near(read_pixels(page, "#live canvas"), PERSON, 60).mean() > 0.05)


def test_a_page_out_of_sight_gives_up_the_camera_and_takes_it_again(page):
    page.evaluate(
        """() => {
          window.gone = false;
          Object.defineProperty(document, 'hidden', { get: () => window.gone });
          const now = Date.now;
          window.later = 0;
          Date.now = () => now() + window.later;
        }"""
    )
    start_live(page)
    page.evaluate("window.gone = true")
    page.wait_for_timeout(700)
    page.evaluate("window.later = 25000")
    page.get_by_text("The camera is off while this page is out of sight.").wait_for()
    assert page.inner_text(".live-start") == "Start camera"
    page.evaluate("window.gone = false")
    page.get_by_text("The camera is on.").wait_for()
    wait_until(lambda: near(read_pixels(page, "#live canvas"), PERSON, 60).mean() > 0.05)
    page.click(".live-start")  # now by hand: it stays off
    page.evaluate("window.gone = true")
    page.wait_for_timeout(700)
    page.evaluate("window.gone = false")
    page.wait_for_timeout(1200)
    assert page.inner_text(".live-say") == "Stopped. The camera is off."


def test_stop_and_leaving_the_tab_switch_the_camera_off(page):
    page.evaluate(
        """() => {
          const media = navigator.mediaDevices;
          const open = media.getUserMedia.bind(media);
          media.getUserMedia = async (wanted) => (window.opened = await open(wanted));
        }"""
    )
    is_live = "window.opened.getTracks().some((track) => track.readyState === 'live')"
    start_live(page)
    assert page.evaluate(is_live)
    page.click(".live-start")
    page.get_by_text("The camera is off.").wait_for()
    assert not page.evaluate(is_live)
    start_live(page)
    assert page.evaluate(is_live)
    open_tab(page, "Photo")
    wait_until(lambda: not page.evaluate(is_live))


def test_a_lost_connection_shows_a_grey_card_and_comes_back(page):
    page.evaluate(
        """() => {
          const Real = window.WebSocket;
          window.sockets = [];
          window.busy = false; // while true the page holds its frames back
          window.WebSocket = class extends Real {
            constructor(...given) { super(...given); window.sockets.push(this); }
            get bufferedAmount() { return window.busy ? 1 : super.bufferedAmount; }
          };
          const decode = window.createImageBitmap.bind(window);
          window.createImageBitmap = async (...given) => {
            const picture = await decode(...given);
            await new Promise((done) => setTimeout(done, window.busy ? 300 : 0));
            return picture;
          };
        }"""
    )
    start_live(page)
    page.evaluate(
        """() => {
          const socket = window.sockets.at(-1);
          socket.addEventListener('message', ({ data }) => {
            if (typeof data === 'string') return;
            window.busy = true; // this picture is still being decoded when the connection goes
            socket.close();
          });
        }"""
    )
    page.get_by_text("trying again").wait_for()
    page.wait_for_timeout(500)
    picture = read_pixels(page, "#live canvas")
    assert not is_room(picture).any()
    assert near(picture, GREY, 12).mean() > 0.9
    page.evaluate("window.busy = false")
    wait_until(lambda: near(read_pixels(page, "#live canvas"), TEAL).mean() > 0.5)


@pytest.mark.parametrize(
    ("camera", "words"),
    [
        ("undefined", "over https or on localhost"),
        ("{getUserMedia: async () => { throw new DOMException('', 'NotAllowedError') }}", "allow"),
        ("{getUserMedia: async () => { throw new DOMException('', 'NotReadableError') }}", "busy"),
        (
            "{getUserMedia: async () => { throw new DOMException('', 'NotFoundError') }}",
            "No camera",
        ),
    ],
)
def test_without_a_camera_the_tab_says_why(page, camera, words):
    page.evaluate(f"Object.defineProperty(navigator, 'mediaDevices', {{value: {camera}}})")
    open_tab(page, "Live")
    page.click(".live-start")
    page.get_by_text(re.compile(words)).wait_for()


# The page as a whole


def test_nothing_is_asked_from_outside(page, running, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    start_live(page)
    hosts = {re.match(r"(data|blob):|\w+://([^/]+)", url).group(2) for url in page.asked}
    assert hosts - {None} == {running.address.removeprefix("http://").strip("/")}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_no_tab_scrolls_sideways(page, running, width, theme):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{running.address}?__theme={theme}")
    page.wait_for_selector("#photo")
    for tab in ("Photo", "Video", "Live"):
        open_tab(page, tab)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#device").inner_text().endswith("ms a frame")


@pytest.mark.parametrize("width", [390, 320])
def test_a_result_that_fills_the_screen_does_not_widen_the_page(page, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 844})
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    page.locator("#result").get_by_label("Fullscreen").click()
    page.wait_for_selector("#result.fullscreen")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_is_cut_off_or_left_over(page):
    """The ring around the view that has the keyboard; the dot behind the last link."""
    view = page.locator("#view")
    assert view.evaluate("view => getComputedStyle(view).overflow") == "visible"
    page.locator("footer").wait_for()
    assert "·" not in page.inner_text("footer")
