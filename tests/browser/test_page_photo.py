"""The photo tab, in a real browser."""

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image
from room import HEIGHT, PERSON, RADIUS, WIDTH, is_room, near, require_replaced, scene
from visitor import (
    IS_LOADED,
    choose_file,
    downloaded,
    downloaded_person,
    expect,
    fetch,
    image_addresses,
    read_pixels,
    upload_photo,
)


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
    page.get_by_text("People and edges").click()
    for name in ("Largest", "Everyone"):  # the click is forgotten
        page.get_by_role("radio", name=name).click()
        page.get_by_text("Several people?").wait_for()
    assert downloaded_person(page).mean() == pytest.approx(2 * disc, rel=0.1)
    shown.click(position=click)
    page.get_by_text("Only the one you clicked is kept").wait_for()
    page.click("#photo-everyone")
    page.get_by_text("Several people?").wait_for()
    assert downloaded_person(page).mean() == pytest.approx(2 * disc, rel=0.1)


def test_no_download_is_offered_before_the_last_change_is_answered(page, running, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    running.behave("frozen")
    page.get_by_role("radio", name="Blur").click()
    expect(page.locator("#photo-get")).to_be_disabled(timeout=100)
    page.wait_for_timeout(700)  # it is being worked on: the next change has to wait for it
    page.get_by_role("radio", name="Transparent").click()
    page.wait_for_timeout(300)
    running.behave("slow")
    assert downloaded(page).shape[2] == 4


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


def test_a_broken_photo_is_explained(page, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"milk, bread")
    page.set_input_files("#photo input[type=file]", tmp_path / "broken.png")
    toast = page.wait_for_selector(".toast-body")
    assert "broken.png" in toast.inner_text()


def test_a_broken_photo_is_explained_after_an_example_too(page, tmp_path):
    page.locator("#photo-examples button").first.click()
    page.wait_for_selector("#photo-get:not([disabled])")
    page.click("#photo [aria-label=Clear], #photo [aria-label='Remove Image']")
    test_a_broken_photo_is_explained(page, tmp_path)


def drop_file(page, selector, path):
    """As a hand does it: events that a page makes itself are not the same."""
    box = page.locator(selector).bounding_box()
    middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    hand = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        hand.send("Input.dispatchDragEvent", {"type": kind, **middle, "data": data})


def test_a_photo_dropped_on_another_takes_its_place(page, tmp_path):
    for name in ("first", "second"):
        Image.fromarray(scene(0)).save(tmp_path / f"{name}.png")
    upload_photo(page, tmp_path / "first.png")
    drop_file(page, "#photo", tmp_path / "second.png")
    page.wait_for_selector("#photo img[src$='second.png']")
    page.wait_for_selector("#photo-get:not([disabled])")
    with page.expect_download() as download:
        page.click("#photo-get")
    assert download.value.suggested_filename == "second-backdrop.png"


@pytest.mark.parametrize(
    ("bring", "name"),
    [(choose_file, "IMG_1234.HEIC"), (drop_file, "IMG_1234.HEIC"), (choose_file, "IMG_1234.jpg")],
)
def test_a_photo_as_iphones_store_it(page, tmp_path, bring, name):
    """Chromium neither knows its type nor can show it, even under another name."""
    path = tmp_path / name
    pillow_heif.from_pillow(Image.fromarray(scene(0))).save(tmp_path / "photo.heic", quality=90)
    (tmp_path / "photo.heic").rename(path)
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
    photo = pillow_heif.from_pillow(Image.fromarray(noise))
    photo.save(tmp_path / "large.heic", quality=90, enc_params={"preset": "ultrafast"})
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    choose_file(page, "#photo", tmp_path / "large.heic")
    page.click("#photo [aria-label=Clear], #photo [aria-label='Remove Image']")
    upload_photo(page, tmp_path / "photo.png")
    for _ in range(100):  # a busy machine may have begun on the other one
        if fetch(page, image_addresses(page)[1]).shape == scene(0).shape:
            break
        page.wait_for_timeout(200)
    page.wait_for_timeout(2500)  # by then it would be back
    require_replaced(fetch(page, image_addresses(page)[1]))
    assert "photo" in page.get_attribute("#photo img", "src")


def test_a_broken_photo_of_that_kind_is_explained(page, tmp_path):
    (tmp_path / "IMG_1234.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99)
    choose_file(page, "#photo", tmp_path / "IMG_1234.HEIC")
    assert "IMG_1234.HEIC is damaged" in page.wait_for_selector(".toast-body").inner_text()
    page.get_by_text("Drop Image Here").first.wait_for()
