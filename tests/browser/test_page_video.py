"""The video tab, in a real browser."""

import os
import re
import subprocess
import time

import pytest
from chromium import WAIT_MS
from room import HEIGHT, WIDTH, require_replaced, scene
from visitor import choose_file, expect, open_tab, read_pixels, wait_until


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
    words = page.locator("#video-state .progress-words")
    expect(words).to_have_text("Cancelled; nothing was kept.")
    assert "Error" not in page.get_by_role("tabpanel").aria_snapshot()
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
    expect(page.locator("#video-go")).to_be_enabled()
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


def test_a_job_that_finds_the_queue_full_waits_no_longer(page, clip):
    open_tab(page, "Video")
    page.set_input_files("#video input[type=file]", clip)
    page.locator("#estimate").get_by_text("2 s of").wait_for()
    full = {"status": 503, "json": {"detail": "Queue is full."}}
    page.route("**/queue/join*", lambda route: route.fulfill(**full))
    page.click("#video-go")
    page.get_by_text("currently busy").first.wait_for()
    page.wait_for_selector("#video-go:not([disabled])")
    expect(page.locator("#video-state")).not_to_contain_text("Waiting for its turn")


def test_a_failed_job_offers_no_earlier_result(page, clip, tmp_path):
    upload_video(page, clip)
    page.click("#video-go")
    page.get_by_text("Done: mp4").wait_for()
    page.wait_for_selector("#video-get:not([disabled])")
    page.get_by_role("radio", name="Transparent").click()
    page.get_by_role("radio", name="MP4").click()
    require_failure(page, "mp4 can't be transparent")
    expect(page.locator("#video-get")).to_be_disabled()
    assert page.locator("#video-result video").count() == 0
    page.get_by_role("radio", name="WebM").click()
    page.click("#video-go")
    page.get_by_text("Done: webm").wait_for()
    page.click("#video [aria-label=Clear], #video [aria-label='Remove Video']")
    expect(page.locator("#video-get")).to_be_disabled()
    expect(page.locator("#video-state")).not_to_contain_text("Done")
    page.set_input_files("#video input[type=file]", clip)  # and the next goes as the first did
    page.wait_for_selector("#video video")
    page.click("#video-go")
    page.get_by_text("Done: webm").wait_for()
    page.wait_for_selector("#video-get:not([disabled])")
    page.locator("#video-examples button").first.click()
    expect(page.locator("#video-get")).to_be_disabled()
    expect(page.locator("#video-state")).not_to_contain_text("Done")


def test_whoever_waits_for_another_s_video_is_told(page, running, browser, clip):
    running.behave("slow")
    upload_video(page, clip)
    page.click("#video-go")
    page.get_by_text(re.compile(r"Frame \d+ of 30")).wait_for()
    running.behave("frozen")
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
    running.behave("slow")
    third.get_by_text("Waiting for its turn… It is the next.").wait_for()
    running.behave("red")
    third.get_by_text("Done: mp4").wait_for()
    other.close()
    third.close()


def require_failure(page, words):
    page.click("#video-go")
    page.locator(".toast-body", has_text=words).wait_for()
    expect(page.locator("#video-state")).not_to_contain_text("Starting", timeout=5000)
    expect(page.locator("#video-cancel")).to_be_disabled(timeout=5000)
    expect(page.locator("#video-go")).to_be_enabled(timeout=5000)


def test_a_job_may_follow_a_cancelled_one_at_once(page, running, clip):
    running.behave("slow")
    upload_video(page, clip)
    page.click("#video-go")
    page.get_by_text(re.compile(r"Frame \d+ of 30")).wait_for()
    page.click("#video-cancel")
    page.click("#video-go")
    running.behave("red")
    page.get_by_text("Done: mp4").wait_for(timeout=20_000)


def unfinished(cache):
    """Files that are being written: their names begin with a dot. The folders may vanish."""
    return [name for *_, names in os.walk(cache) for name in names if name.startswith(".")]


def results(cache):
    return [
        name for *_, names in os.walk(cache) for name in names if name.startswith("clip-backdrop")
    ]
