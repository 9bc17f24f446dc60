"""The live tab, in a real browser: what is shown, and a server in trouble."""

import re
import time
from urllib.parse import urlsplit

import pytest
from distance import far_away
from page_server import ROOT
from room import GREY, PERSON, TEAL, WIDTH, is_room, near, require_replaced
from visitor import expect, open_tab, read_pixels, start_live, wait_until


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


def test_a_machine_that_is_behind_gets_smaller_frames(page, running):
    start_live(page)
    width = "document.querySelector('#live canvas').width"
    running.behave("slow")
    wait_until(lambda: page.evaluate(width) <= 0.75 * WIDTH, timeout_s=40)
    page.get_by_text("for speed").wait_for()
    require_replaced(read_pixels(page, "#live canvas"))


def test_a_server_that_goes_on_after_a_pause_is_no_longer_called_slow(page, running):
    start_live(page)
    running.behave("frozen")
    page.get_by_text("The server is slow").wait_for()
    assert not is_room(read_pixels(page, "#live canvas")).any()
    running.behave("red")
    page.get_by_text("The camera is on.").wait_for(timeout=10_000)


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
    expect(words).to_have_text("Connecting to the server…")
    expect(words).to_contain_text("The server is slow", timeout=10_000)
    assert near(read_pixels(page, "#live canvas"), GREY, 12).mean() > 0.9
    for count in range(1, 5):
        page.evaluate("() => window.silent.onclose()")
        page.wait_for_function("count => window.waits.length === count", arg=count)
        expect(words).to_have_text("Connecting to the server…")
    page.evaluate("() => window.silent.onclose()")
    expect(words).to_contain_text("Press Start to try again")
    assert page.evaluate("window.waits") == [1500, 3000, 6000, 12000]


def test_a_connection_that_died_unheard_is_made_anew(page):
    """As while a laptop slept: the socket takes all, says nothing and never closes."""
    page.evaluate(
        """() => {
          const now = performance.now.bind(performance);
          performance.now = () => now() + (window.slept ?? 0);
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (content) {
            window.sockets = new Set(window.sockets ?? []).add(this);
            if (window.sockets.size > 1) send.call(this, content);
          };
        }"""
    )
    open_tab(page, "Live")
    page.click(".live-start")
    words = page.locator("#live .live-say")
    expect(words).to_contain_text("The server is slow", timeout=10_000)
    page.evaluate("() => { window.slept = 20_000; }")
    expect(words).to_contain_text("trying again")
    assert near(read_pixels(page, "#live canvas"), GREY, 12).mean() > 0.9
    page.get_by_text(re.compile("ms round trip")).wait_for()
    require_replaced(read_pixels(page, "#live canvas"))


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


ON_THE_WAY = """() => {
  window.mostOnTheWay = 0;
  let [sent, answered] = [0, 0];
  const take = ({ data }) => {
    if (data instanceof ArrayBuffer) answered = Math.max(answered, new DataView(data).getUint32(0));
  };
  window.WebSocket = class extends window.WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', take);
    }
    send(data) {
      super.send(data);
      if (typeof data === 'string') return;
      sent += 1;
      window.mostOnTheWay = Math.max(window.mostOnTheWay, sent - answered);
    }
  };
}"""


def test_more_pictures_are_on_their_way_to_a_server_far_away(page, running):
    page.evaluate(ON_THE_WAY)
    start_live(page)
    page.wait_for_timeout(1000)
    assert page.evaluate("window.mostOnTheWay") <= 3
    with far_away(urlsplit(running.address).port, latency_s=0.2) as port:
        page.goto(f"http://127.0.0.1:{port}")
        page.wait_for_selector("#photo")
        page.evaluate(ON_THE_WAY)
        page.get_by_role("radio", name="Colour").click()
        start_live(page)
        page.wait_for_function("window.mostOnTheWay >= 7")
        require_replaced(read_pixels(page, "#live canvas"))
        page.goto("about:blank")


PACE = """([source, latency, roundTrips]) => {
  let now = 0;
  const inside = `return {
    take(ms) { roundTrips = [...roundTrips.slice(-29), ms]; adapt(); return detail; }
  };`;
  const make = new Function('latency', 'performance', 'sendSettings', source + inside);
  const pace = make(latency, { now: () => now }, () => {});
  return roundTrips.map((ms) => { now += 100; return pace.take(ms); });
}"""


def details(page, latency_ms, round_trips_ms):
    """How much less is sent after each of the round trips, ten a second: 0 to 3."""
    source = (ROOT / "segmenter/page/live/pace.js").read_text()
    return page.evaluate(PACE, [source, latency_ms, round_trips_ms])


def test_less_is_sent_for_slow_answers_but_not_for_a_long_way(page):
    assert set(details(page, 200, [250] * 300)) == {0}
    told = details(page, 0, [250] * 300 + [50] * 900)
    assert not any(told[:39]), "the first seconds say nothing"
    assert told[299] == 3 and told[-1] == 0
    assert details(page, 0, [250] * 60)[-1] < 3
    assert details(page, 0, [1000] * 60)[-1] == 3, "of much too slow ones a few are enough"
