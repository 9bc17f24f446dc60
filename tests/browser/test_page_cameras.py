"""The live tab, in a real browser: cameras that come, go, fail or say nothing."""

import re

import numpy as np
import pytest
from room import GREY, PERSON, WIDTH, is_room, near
from visitor import expect, open_tab, read_pixels, start_live, wait_until


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


def test_a_camera_that_faces_away_is_not_mirrored_though_chosen_by_its_name(page):
    page.evaluate(FACING_AWAY)
    open_tab(page, "Live")
    page.wait_for_selector(".live-camera option:text('Camera 2')", state="attached")
    start_live(page)
    mirror = page.locator(".live-mirror")
    expect(mirror).to_be_checked()
    page.select_option(".live-camera", "back")
    expect(mirror).not_to_be_checked()
    wait_until(lambda: 0 < person_at(page) < WIDTH / 2)
    page.check(".live-mirror")  # the visitor's own choice, which stays
    page.select_option(".live-size", "480x360")
    page.get_by_text("ms round trip").wait_for()
    expect(mirror).to_be_checked()
    page.select_option(".live-camera", index=0)
    expect(mirror).to_be_checked()


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


def person_at(page):
    """The shown disc's centre, in columns; 0 of none."""
    person = near(read_pixels(page, "#live canvas"), PERSON, 60)
    return np.argwhere(person).mean(axis=0)[1] if person.any() else 0


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
    expect(page.locator(".live-mirror")).not_to_be_checked()
    page.select_option(".live-camera", "user")
    expect(page.locator(".live-mirror")).to_be_checked()
    page.evaluate("() => window.plugIn()")
    page.wait_for_selector(".live-camera option:text('New camera')", state="attached")
    looks = "lists => lists.map((list) => getComputedStyle(list).appearance)"
    assert "none" not in page.eval_on_selector_all("#live select", looks)  # it would hide the arrow
    page.set_viewport_size({"width": 844, "height": 390})
    box = page.locator("#live canvas").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(4 / 3, rel=0.01)
    assert box["height"] < 0.71 * 390
