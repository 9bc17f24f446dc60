"""Measure the live tab in headless Chromium, client and server on this machine.

    python tests/browser/live_speed.py [SECONDS]

The webcam is the portrait in examples/, swaying; the segmenter has the released weights. At last
the server is far away: what goes to it and comes back is held up on the way.
"""

import re
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import cv2
import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from chromium import launch
from distance import far_away
from page_server import ROOT, served_page

SIZES = ("480x360", "640x480", "1280x720")
LATENCIES_S = (0.1, 0.2, 0.3)


def make_webcam(path, width, height):
    """Two seconds of a swaying portrait as MJPEG, 30 frames a second."""
    portrait = np.array(Image.open(ROOT / "examples/portraits/eileen-collins.jpg").convert("RGB"))
    scale = 1.2 * width / portrait.shape[1]
    with path.open("wb") as file:
        for number in range(60):
            sway = 0.08 * width * np.sin(np.pi * number / 30)
            shift = np.float32([[scale, 0, sway - 0.1 * width], [0, scale, 0]])
            frame = cv2.warpAffine(portrait, shift, (width, height), borderMode=cv2.BORDER_REFLECT)
            Image.fromarray(frame).save(file, "JPEG", quality=92)


def measure(address, folder, size, background, seconds):
    """Return what the tab itself tells after some seconds."""
    webcam = folder / f"{size}.mjpeg"
    make_webcam(webcam, *map(int, size.split("x")))
    with sync_playwright() as driver:
        browser = launch(driver, webcam)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.get_by_role("radio", name=background).click(timeout=60_000)
        page.get_by_role("tab", name="Live").click()
        page.select_option(".live-size", size)
        page.click(".live-start")
        page.get_by_text(re.compile("ms round trip")).wait_for(timeout=60_000)
        time.sleep(seconds)
        numbers = page.inner_text(".live-numbers")
        browser.close()
    return numbers


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    with TemporaryDirectory() as name, served_page(Path(name), "real") as running:
        for size in SIZES:
            for background in ("Gallery", "Blur", "Transparent"):
                numbers = measure(running.address, Path(name), size, background, seconds)
                print(f"{size:>9} {background:<12} {numbers}")
        for latency_s in LATENCIES_S:
            with far_away(urlsplit(running.address).port, latency_s) as port:
                address = f"http://127.0.0.1:{port}"
                numbers = measure(address, Path(name), "640x480", "Gallery", seconds)
                print(f"  640x480 {1000 * latency_s:.0f} ms away  {numbers}")
