"""What a visitor does on the page, and what is seen then."""

import base64
import re
import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from room import HEIGHT, PERSON, WIDTH, near

expect = pytest.importorskip("playwright.sync_api", reason="pip install playwright").expect


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()


def choose_file(page, selector, path):
    page.set_input_files(f"{selector} input[type=file]", path)


def upload_photo(page, path):
    page.set_input_files("#photo input[type=file]", path)
    page.wait_for_selector("#result img")
    page.wait_for_selector("#photo-get:not([disabled])")


def image_addresses(page):
    page.wait_for_function("document.querySelectorAll('#result img').length >= 2")
    return page.eval_on_selector_all("#result img", "images => images.map(image => image.src)")


def fetch(page, address):
    return np.array(Image.open(BytesIO(page.request.get(address).body())).convert("RGB"))


IS_LOADED = "selector => document.querySelector(selector)?.naturalWidth > 0"


def downloaded_person(page):
    return near(downloaded(page), PERSON, 60)


def downloaded(page):
    with page.expect_download() as downloading:
        page.click("#photo-get")
    with Image.open(downloading.value.path()) as picture:
        return np.array(picture)


def start_live(page):
    open_tab(page, "Live")
    page.click(".live-start")
    page.get_by_text(re.compile("ms round trip")).wait_for()
    return read_pixels(page, "#live canvas")


READ = """([selector, width, height]) => {
  const copy = Object.assign(document.createElement('canvas'), { width, height });
  copy.getContext('2d').drawImage(document.querySelector(selector), 0, 0, width, height);
  return copy.toDataURL('image/png').split(',')[1];
}"""


def read_pixels(page, selector):
    """What the page shows, (H, W, 4)."""
    encoded = page.evaluate(READ, [selector, WIDTH, HEIGHT])
    return np.array(Image.open(BytesIO(base64.b64decode(encoded))))


def wait_until(condition, timeout_s=20):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
