"""All tabs, in a real browser: their look, their words, and their use by keys."""

import re

import pytest
from PIL import Image
from room import scene
from visitor import choose_file, downloaded, expect, open_tab, start_live, upload_photo, wait_until


def test_nothing_is_asked_from_outside(page, running, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    start_live(page)
    hosts = {re.match(r"(data|blob):|\w+://([^/]+)", url).group(2) for url in page.asked}
    assert hosts - {None} == {running.address.removeprefix("http://").strip("/")}


def test_the_examples_work_at_one_click(page):
    page.locator("#photo-examples button, #photo-examples .gallery-item").first.click()
    page.wait_for_selector("#photo-get:not([disabled])")
    open_tab(page, "Video")
    page.locator("#video-examples button, #video-examples .gallery-item").first.click()
    page.get_by_text(re.compile("frames a second, with sound: about")).wait_for()


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


def test_in_the_reader_s_own_colours_too_one_sees_what_is_chosen_and_what_can_be_pressed(page):
    page.get_by_role("radio", name="Gallery").click()
    page.wait_for_selector("#presets .selected")
    page.emulate_media(forced_colors="active")
    chosen = "getComputedStyle(document.querySelector('[role=tab].selected'), '::after')"
    page_colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(f"{chosen}.backgroundColor") != page.evaluate(page_colour)
    mark = "mark => getComputedStyle(mark).outlineStyle"
    assert page.locator("#presets .selected").evaluate(mark) == "solid"
    open_tab(page, "Live")
    borders = "buttons => buttons.map((button) => getComputedStyle(button).borderTopStyle)"
    assert set(page.eval_on_selector_all("#photo-go, .live-start", borders)) == {"solid"}
    page.get_by_text("People and edges").click()
    looks = "sliders => sliders.map((slider) => getComputedStyle(slider).appearance)"
    assert "none" not in page.eval_on_selector_all("input[type=range]", looks)


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
    for part in (".live-start", "[role=tab].selected"):
        assert contrast(*look_of(page, part).values()) > 4.5


def contrast(one, other):
    """How many times as bright the brighter colour is, as WCAG 2.2 has it."""
    shares = [[channel / 255 for channel in colour] for colour in (one, other)]
    lights = [
        [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in each]
        for each in shares
    ]
    darker, brighter = sorted(
        0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in lights
    )
    return (brighter + 0.05) / (darker + 0.05)


def look_of(page, selector):
    """The colours of a part's words and of what lies behind them, as RGB."""
    page.wait_for_selector(selector)
    found = page.eval_on_selector(
        selector,
        """part => {
          const colour = getComputedStyle(part).color;
          const behind = (part) => getComputedStyle(part).backgroundColor;
          while (behind(part) === 'rgba(0, 0, 0, 0)') part = part.parentElement;
          return [colour, behind(part)];
        }""",
    )
    colours = ([int(number) for number in re.findall(r"\d+", text)[:3]] for text in found)
    return dict(zip(("colour", "background"), colours, strict=True))


def test_the_arrow_keys_move_the_border_and_go_through_the_choices(page, tmp_path):
    Image.fromarray(scene(0)).save(tmp_path / "photo.png")
    upload_photo(page, tmp_path / "photo.png")
    border = page.get_by_role("slider", name="Border between before and after")
    border.focus()
    clip = "document.querySelectorAll('#result img')[1].style.clipPath"
    for key, told, cut in (("ArrowLeft", "45", 45), ("Home", "0", 0), ("ArrowRight", "5", 5)):
        page.keyboard.press(key)
        expect(border).to_have_attribute("aria-valuenow", told)
        hidden = float(re.search(r"([\d.]+)%\)", page.evaluate(clip)).group(1))
        assert hidden == pytest.approx(cut, abs=1)
    page.get_by_role("radio", name="Blur").click()
    page.get_by_label("Blur").last.wait_for()
    page.get_by_role("radio", name="Blur").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Transparent")).to_be_checked()
    wait_until(lambda: downloaded(page).shape[2] == 4)
    page.get_by_role("radio", name="Transparent").focus()
    for name in ("Blur", "My picture", "Colour"):  # Gradio numbers the buttons anew each time
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("radio", name=name)).to_be_checked()
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
        expect(bar.get_by_label("Paste from clipboard")).to_be_visible()
        expect(bar.get_by_label("Upload file")).to_be_hidden()


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
