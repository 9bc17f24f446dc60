"""The page and a browser for it, with a fake webcam that films the scene of `room.py`.

One server is enough for a whole run: each test opens the page anew. The browser is closed after
every file, since its driver keeps an event loop running.
"""

import pytest
from chromium import CHROMIUM, WAIT_MS, launch
from page_server import served_page
from PIL import Image
from room import scene


@pytest.fixture(scope="session")
def webcam(tmp_path_factory):
    """Four seconds of the scene as MJPEG: JPEGs, one after the other."""
    path = tmp_path_factory.mktemp("webcam") / "scene.mjpeg"
    with path.open("wb") as file:
        for number in range(120):
            Image.fromarray(scene(number / 30)).save(file, "JPEG", quality=92)
    return path


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """The folder where the running page keeps its visitors' files."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def running(cache):
    with served_page(cache) as page:
        yield page


@pytest.fixture(scope="module")
def browser(webcam):
    if CHROMIUM is None:
        pytest.skip("chromium is missing; apt-get install it")
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with playwright.sync_playwright() as driver:
        browser = launch(driver, webcam)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def visitor(browser):
    """Who opens the page again and again; the browser's cache holds what is the same each time."""
    with browser.new_context(
        viewport={"width": 1280, "height": 900}, accept_downloads=True
    ) as visitor:
        yield visitor


@pytest.fixture
def page(visitor, running):
    """The page, freshly opened; it notes in `page.asked` and `page.failed` what it asks for."""
    running.behave("red")
    page = visitor.new_page()
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
