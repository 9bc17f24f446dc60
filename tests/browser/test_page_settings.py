"""The settings that all tabs share, in a real browser: backgrounds, numbers, edges."""

import json
import re

import numpy as np
import pytest
from page_server import ROOT
from PIL import Image
from room import HEIGHT, TEAL, WIDTH, near, require_replaced, scene
from visitor import (
    choose_file,
    downloaded,
    expect,
    fetch,
    image_addresses,
    read_pixels,
    start_live,
    upload_photo,
    wait_until,
)

from segmenter.background import Picture
from segmenter.images import open_image


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
    expect(page.locator("#presets")).to_be_visible()
    expect(page.get_by_label("Blur")).to_have_count(1)  # the radio, not the slider


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


def test_a_wrong_background_is_told_while_live_and_the_last_one_stays(page, tmp_path):
    (tmp_path / "text.jpg").write_bytes(b"milk, bread")
    start_live(page)
    words = page.locator("#live .live-say")
    page.get_by_role("radio", name="My picture").click()
    expect(words).to_contain_text("add a picture")
    page.set_input_files("#own-background input[type=file]", tmp_path / "text.jpg")
    expect(words).to_contain_text("text.jpg")
    require_replaced(read_pixels(page, "#live canvas"))
    page.get_by_role("radio", name="Transparent").click()
    expect(words).to_have_text("The camera is on.")
    assert not page.failed


def test_who_stays_counts_in_the_live_tab_before_an_own_background_is_there(page):
    sent = []

    def listen(socket):
        socket.on("framesent", lambda data: sent.append(data))

    page.on("websocket", listen)
    page.get_by_role("radio", name="My picture").click()
    page.get_by_role("button", name="People and edges", expanded=False).click()
    page.get_by_role("button", name="People and edges", expanded=True).wait_for()
    page.get_by_role("radio", name="Largest").click()
    start_live(page)
    expect(page.locator("#live .live-say")).to_contain_text("add a picture")
    told = [json.loads(data) for data in sent if isinstance(data, str)]
    settings = [message for message in told if "options" in message]
    assert settings[-1]["options"]["people"] == "largest"
    assert not any("background" in message for message in settings)


ORANGE = (250, 120, 0)
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


def test_settings_change_while_it_runs(page):
    start_live(page)
    page.get_by_role("radio", name="Transparent").click()
    wait_until(lambda: (read_pixels(page, "#live canvas")[..., 3] < 10).mean() > 0.5)
    page.get_by_role("radio", name="Colour").click()
    wait_until(lambda: near(read_pixels(page, "#live canvas"), TEAL).mean() > 0.5)


# What a message leaves out stays as it was.
SENT_SETTINGS = """() => {
  window.settingsSent = [];
  window.settingsBytes = 0;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (typeof data === 'string') {
      window.settingsSent.push({ ...window.settingsSent.at(-1), ...JSON.parse(data) });
      window.settingsBytes += data.length;
    }
    return send.call(this, data);
  };
}"""


def test_lengths_mean_the_same_in_smaller_frames(page, running):
    page.evaluate(SENT_SETTINGS)
    page.get_by_role("radio", name="Blur").click()
    page.get_by_text("People and edges").click()
    page.get_by_label("number input for Softness").fill("10")
    page.get_by_label("number input for Grow or shrink").fill("-4")
    start_live(page)

    def lengths():
        """Of all that was sent: a busy machine is asked for less on its own."""
        sent = page.evaluate("window.settingsSent")
        return [
            (one["background"], one["options"]["feather_px"], one["options"]["shift_px"])
            for one in sent
        ]

    wait_until(lambda: ("blur:20", 10, -4) in lengths())
    running.behave("slow")
    wait_until(lambda: ("blur:15", 7.5, -3) in lengths(), timeout_s=40)
    assert set(lengths()) <= {("blur:20", 10, -4), ("blur:15", 7.5, -3), ("blur:10", 5, -2)}
    assert page.evaluate("[0, -1].map((place) => window.settingsSent.at(place).late)") == [
        False,
        True,
    ]


def test_an_own_background_is_fetched_and_sent_once(page, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (400, 600, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "own.png")
    page.evaluate(SENT_SETTINGS)
    page.get_by_role("radio", name="My picture").click()
    choose_file(page, "#own-background", tmp_path / "own.png")
    page.wait_for_timeout(1500)  # it is there before the tab is
    start_live(page)
    wait_until(lambda: page.evaluate("window.settingsBytes") > 50_000)  # the picture
    whole = page.evaluate("window.settingsBytes")
    page.get_by_text("People and edges").click()
    page.evaluate("performance.clearResourceTimings()")
    for softness in ("2", "4", "6"):
        page.get_by_label("number input for Softness").fill(softness)
        sent = f"window.settingsSent.at(-1).options.feather_px == {softness}"
        page.wait_for_function(sent)
    assert page.evaluate("window.settingsBytes") < whole + 5000
    came = "performance.getEntriesByType('resource').map((one) => one.transferSize)"
    assert 0 < sum(page.evaluate(came)) < 20_000
    page.get_by_role("radio", name="Colour").click()
    wait_until(lambda: near(read_pixels(page, "#live canvas"), TEAL).mean() > 0.5)
    page.get_by_role("radio", name="My picture").click()
    wait_until(lambda: near(read_pixels(page, "#live canvas"), TEAL).mean() < 0.1)
