"""The browser that opens the page, and its webcam: a file."""

import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
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


def launch(driver, webcam):
    """Start the browser of Playwright's driver; its camera plays the file `webcam`, an MJPEG."""
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={webcam}"]
    return driver.chromium.launch(executable_path=CHROMIUM, args=flags)
