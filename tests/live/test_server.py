"""The live socket, spoken to by real WebSocket clients over a real server."""

import asyncio
import json
import struct
import threading
import time
from base64 import b64encode
from contextlib import suppress
from io import BytesIO
from types import MappingProxyType

import numpy as np
import pytest
from live_server import (
    BLUE,
    HEIGHT,
    PATIENCE_S,
    PERSON,
    WIDTH,
    Broken,
    HeldUpByWide,
    RedPeople,
    as_frame,
    near,
    next_message,
    next_picture,
    refusal,
    scene,
    served,
    settings,
)
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from segmenter.background import Colour
from segmenter.closeup.pace import FixedPace
from segmenter.errors import InvalidInput
from segmenter.live import LiveLimits, LiveServer
from segmenter.live.visitor import end
from segmenter.page.choice import AskedOptions, make_options
from segmenter.refine import RefineOptions


def test_the_room_becomes_the_background_and_the_person_stays():
    with served(RedPeople()) as address, connect(address) as socket:
        socket.send(settings())
        socket.send(as_frame(7, scene(column=40)))
        number, picture = next_picture(socket)
    assert number == 7
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert near(picture[60, 56], PERSON)
    assert near(picture[60, 10], BLUE)
    assert near(picture[10, 110], BLUE)


def test_the_person_is_followed():
    with served(RedPeople()) as address, connect(address) as socket:
        socket.send(settings())
        for number, column in enumerate((10, 40, 80)):
            socket.send(as_frame(number, scene(column)))
            answered, picture = next_picture(socket)
            assert answered == number
            assert near(picture[60, column + 16], PERSON)
            assert near(picture[60, (column + 64) % WIDTH], BLUE)


def test_a_transparent_background_is_answered_with_alpha():
    with served(RedPeople()) as address, connect(address) as socket:
        socket.send(settings("transparent"))
        socket.send(as_frame(1, scene()))
        _, picture = next_picture(socket)
    assert picture.shape == (HEIGHT, WIDTH, 4)
    assert picture[60, 56, 3] > 240
    assert picture[60, 10, 3] < 15


def test_settings_change_while_it_runs():
    with served(RedPeople()) as address, connect(address) as socket:
        for number, (name, colour) in enumerate({"#ffff00": (255, 255, 0), "#000000": 0}.items()):
            socket.send(settings(name))
            next_message(socket, "status")
            socket.send(as_frame(number, scene()))
            assert near(next_picture(socket)[1][60, 10], colour)


def test_what_later_settings_leave_out_stays():
    with served(RedPeople()) as address, connect(address) as socket:
        socket.send(settings("#ffff00"))
        socket.send(json.dumps({"options": {"edge_strength": 0.0, "shift_px": 8}}))
        socket.send(as_frame(1, scene()))
        picture = next_picture(socket)[1]
        assert near(picture[60, 10], (255, 255, 0))
        assert not near(picture[60, 36], (255, 255, 0)), "she did not grow"


def test_who_has_to_send_less_is_not_looked_at_more_finely(monkeypatch):
    told = []

    class Told(FixedPace):
        def tell_late(self, is_late):
            told.append(is_late)

    monkeypatch.setattr("segmenter.stream.Pace", lambda: Told(False))
    with served(RedPeople()) as address, connect(address) as socket:
        for change in ({}, {"late": True}, {"fit": "tile"}, {"late": False}):
            socket.send(json.dumps(change))
            next_message(socket, "status")
            socket.send(as_frame(1, scene()))
            next_picture(socket)
    assert told == [False, True, True, False]


def test_who_has_to_send_less_is_sent_less_too():
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    noise[..., 0] = 255  # a person all over
    sizes = []
    with served(RedPeople()) as address, connect(address) as socket:
        for late in (False, True, False):
            socket.send(json.dumps({"background": "#0000ff", "late": late}))
            next_message(socket, "status")
            socket.send(as_frame(1, noise))
            while isinstance(answer := socket.recv(PATIENCE_S), str):
                pass
            sizes.append(len(answer))
    assert sizes[1] < 0.8 * sizes[0] and sizes[2] == sizes[0]


def test_wrong_later_settings_warn_and_change_nothing():
    with served(RedPeople()) as address, connect(address) as socket:
        socket.send(settings("#ffff00"))
        next_message(socket, "status")
        socket.send(settings("/etc/passwd"))
        assert "no background '/etc/passwd'" in next_message(socket, "warning")
        socket.send(as_frame(1, scene()))
        assert near(next_picture(socket)[1][60, 10], (255, 255, 0))


def test_presets_are_named_and_uploads_come_as_data(tmp_path):
    Image.new("RGB", (64, 64), (250, 120, 0)).save(tmp_path / "orange.png")
    encoded = BytesIO()
    Image.new("RGB", (64, 64), (0, 120, 250)).save(encoded, "JPEG")
    upload = "data:image/jpeg;base64," + b64encode(encoded.getvalue()).decode()
    presets = {"orange": tmp_path / "orange.png"}
    with served(RedPeople(), presets=presets) as address, connect(address) as socket:
        for number, (name, colour) in enumerate(
            {"orange": (250, 120, 0), upload: (0, 120, 250)}.items()
        ):
            socket.send(settings(name))
            next_message(socket, "status")
            socket.send(as_frame(number, scene()))
            assert near(next_picture(socket)[1][60, 10], colour)


@pytest.mark.parametrize("background", ["#0000ff", "blur", "transparent"])
def test_the_room_is_never_shown_when_the_segmenter_fails(background):
    with served(Broken()) as address, connect(address) as socket:
        socket.send(settings(background))
        socket.send(as_frame(1, scene()))
        number, picture = next_picture(socket)
        warning = next_message(socket, "warning")
    assert number == 1
    assert "only the background is shown" in warning
    # One colour all over: blue, or grey where the background would be made of the room.
    assert near(picture, BLUE if background == "#0000ff" else (128, 128, 128), tolerance=8)


@pytest.mark.parametrize("content", [b"no picture at all", as_frame(0, scene())[4:400]])
def test_a_damaged_frame_is_answered_with_the_background(content):
    with served(RedPeople()) as address, connect(address) as socket:
        socket.send(settings())
        socket.send(struct.pack(">I", 3) + content)
        number, picture = next_picture(socket)
        assert (number, picture.shape) == (3, (HEIGHT, WIDTH, 3))
        assert near(picture, BLUE, tolerance=8)
        assert "JPEG" in next_message(socket, "warning")
        socket.send(as_frame(4, scene()))
        assert near(next_picture(socket)[1][60, 56], PERSON)
        assert next_message(socket, "warning") is None


def test_a_frame_of_too_many_pixels_is_not_decoded():
    limits = LiveLimits(frame_pixels=1000)
    with served(RedPeople(), limits) as address, connect(address) as socket:
        socket.send(settings())
        socket.send(as_frame(1, scene()))
        next_picture(socket)
        assert "128x96 is too big" in next_message(socket, "warning")


def test_a_ping_comes_back_at_once_and_is_no_setting():
    network = HeldUpByWide()
    with served(network) as address, connect(address) as socket:
        socket.send(json.dumps({"ping": 12.5}))
        assert json.loads(socket.recv(PATIENCE_S)) == {"ping": 12.5}
        socket.send(settings())
        next_message(socket, "status")
        socket.send(as_frame(0, scene(width=2 * WIDTH)))
        assert network.is_held_up.wait(PATIENCE_S)
        socket.send(json.dumps({"ping": 13}))
        assert json.loads(socket.recv(PATIENCE_S)) == {"ping": 13}
        network.may_go_on.set()
        assert near(next_picture(socket)[1][60, 10], BLUE)


def test_only_the_newest_waiting_frame_is_answered():
    network = HeldUpByWide()
    with served(network) as address, connect(address) as socket:
        socket.send(settings())
        next_message(socket, "status")
        socket.send(as_frame(0, scene(width=2 * WIDTH)))
        assert network.is_held_up.wait(PATIENCE_S)
        for number in range(1, 10):
            socket.send(as_frame(number, scene()))
        time.sleep(0.3)  # until all have come
        network.may_go_on.set()
        assert [next_picture(socket)[0] for _ in range(2)] == [0, 9]
        with pytest.raises(TimeoutError):
            next_picture(socket, timeout=0.5)


def test_a_slow_visitor_does_not_hold_up_another():
    network = HeldUpByWide()
    with served(network) as address, connect(address) as slow, connect(address) as quick:
        for socket in (slow, quick):
            socket.send(settings())
            next_message(socket, "status")
        slow.send(as_frame(1, scene(width=2 * WIDTH)))
        assert network.is_held_up.wait(PATIENCE_S)
        for number in range(5):
            quick.send(as_frame(number, scene()))
            assert next_picture(quick)[0] == number
        network.may_go_on.set()
        assert next_picture(slow)[1].shape[1] == 2 * WIDTH


def test_visitors_have_settings_of_their_own():
    with served(RedPeople()) as address, connect(address) as one, connect(address) as other:
        one.send(settings("#0000ff"))
        other.send(settings("#ffff00"))
        for socket, colour in ((one, BLUE), (other, (255, 255, 0))):
            socket.send(as_frame(1, scene()))
            assert near(next_picture(socket)[1][60, 10], colour)


def test_the_status_names_the_device():
    with served(RedPeople()) as address, connect(address) as socket:
        socket.send(settings())
        status = next_message(socket, "status")
    assert (status["device"], status["size"]) == ("CPU, test segmenter", 64)


@pytest.mark.parametrize(
    ("sent", "words", "code"),
    [
        (as_frame(1, scene()), "settings first", 1008),
        ("not JSON", "not a JSON object", 1008),
        ("[1, 2]", "not a JSON object", 1008),
        (settings("../secret.png"), "no background", 1008),
        (settings("blur:5000"), "no background", 1008),
        (settings("blur:00009999"), "no background", 1008),
        (settings(people="nobody"), "everyone", 1008),
        (settings(people="clicked", at="0.5,0.5"), "photo", 1008),
        (settings(edge_strength="much"), "edge_strength is a number", 1008),
        (settings(edge_strength="\ud800"), "edge_strength is a number", 1008),  # half a character
        (settings("data:image/png;base64,AAAA"), "begins with data:image/jpeg", 1008),
        ("x" * 5000, "send less", 1009),
    ],
)
def test_a_refusal_says_why_before_the_close(sent, words, code):
    limits = LiveLimits(message_bytes=4000)
    with served(RedPeople(), limits) as address, connect(address) as socket:
        socket.send(sent)
        said, closed_with = refusal(socket)
    assert words in said
    assert closed_with == code


def test_a_refusal_is_told_though_frames_came_right_behind_the_settings():
    with served(RedPeople(), LiveLimits(connections=1)) as address:
        for _ in range(30):
            with connect(address) as socket:
                socket.send(settings(feather_px=1e300))
                with suppress(ConnectionClosed):
                    for number in range(3):
                        socket.send(as_frame(number, scene()))
                said, code = refusal(socket)
            assert "softness" in said
            assert code == 1008


def test_who_overhears_that_it_is_over_is_told_again():
    async def deaf():
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def leave():
        task = asyncio.create_task(deaf())
        await asyncio.sleep(0)
        await end([task])
        assert task.done()

    asyncio.run(asyncio.wait_for(leave(), 5))


def test_a_page_of_another_site_is_refused():
    with served(RedPeople()) as address:
        for origin in ("https://elsewhere.example", "http://[elsewhere.example"):
            with connect(address, origin=origin) as socket:
                said, code = refusal(socket)
            assert "elsewhere.example" in said
            assert code == 1008
        host = address.removeprefix("ws://").removesuffix("/live")
        with connect(address, origin=f"http://{host}") as socket:
            socket.send(settings())
            assert next_message(socket, "status")


def test_one_visitor_too_many_is_told_so_and_a_place_is_freed():
    with served(RedPeople(), LiveLimits(connections=1)) as address:
        with connect(address) as first:
            first.send(settings())
            next_message(first, "status")
            with connect(address) as second:
                said, code = refusal(second)
            assert "full" in said
            assert code == 1013
        assert any(has_room(address) for _ in range(100)), "the place was never freed"


def has_room(address):
    time.sleep(0.02)  # the server learns of a close a moment later
    with connect(address) as socket, suppress(ConnectionClosed):
        socket.send(settings())
        return "status" in json.loads(socket.recv(10))
    return False


class Hanging:
    """A connection whose other end has gone: closing it is never answered."""

    headers = MappingProxyType({})

    async def accept(self):
        pass

    async def send_text(self, content):
        pass

    async def close(self, code):
        await asyncio.sleep(60)


def test_one_who_was_turned_away_takes_no_place():
    async def turn_away():
        server = LiveServer(RedPeople(), None, None, LiveLimits(connections=1))
        server.visitors = 1
        leaving = asyncio.create_task(server.endpoint(Hanging()))
        await asyncio.sleep(0.05)
        assert not leaving.done()
        assert server.visitors == 1
        leaving.cancel()

    asyncio.run(turn_away())


def test_a_changed_option_leaves_the_background_as_it_is():
    made = []

    def read_background(message):
        made.append(message["background"])
        return Colour(0, 0, 255)

    with (
        served(RedPeople(), read_background=read_background) as address,
        connect(address) as socket,
    ):
        for number, (background, shift) in enumerate([("a", 0), ("a", -6), ("b", -6)]):
            socket.send(settings(background, shift_px=shift))
            next_message(socket, "status")
            socket.send(as_frame(number, scene()))
            _, picture = next_picture(socket)
            assert near(picture[60, 6], BLUE)
            assert near(picture[60, 43], PERSON if shift == 0 else BLUE)
    assert made == ["a", "b"]


def test_a_silent_visitor_has_to_leave():
    with served(RedPeople(), LiveLimits(idle_s=0.2)) as address, connect(address) as socket:
        words, code = refusal(socket)
        assert "no frame came" in words
        assert code == 4408  # by which the browser knows that it may come again


def test_a_visitor_who_reads_nothing_has_to_leave_too():
    """The socket's buffers fill up; then neither answers nor the refusal can be sent."""
    noise = np.random.default_rng(1).integers(0, 255, (900, 1200, 3), np.uint8)
    frame = as_frame(1, noise)  # one and a half megabytes, as is the answer
    limits = LiveLimits(connections=1, send_s=0.3)
    with (
        served(RedPeople(), limits) as address,
        connect(address, max_queue=1, close_timeout=0) as deaf,
    ):
        deaf.send(settings())

        def keep_sending():
            with suppress(ConnectionClosed, OSError):
                while True:
                    deaf.send(frame)
                    time.sleep(0.02)

        threading.Thread(target=keep_sending, daemon=True).start()
        assert any(has_room(address) for _ in range(500))


def test_options_reach_the_pipeline():
    options = make_options(AskedOptions(people="largest", edge_strength=0.5, shift_px=-2))
    assert options.people == "largest"
    assert options.refine == RefineOptions(edge_strength=0.5, shift_px=-2)
    with pytest.raises(InvalidInput):
        make_options(AskedOptions(shift_px=float("nan")))
    for wrong in (10**400, True, "2", None, [1]):
        with pytest.raises(InvalidInput, match="shift_px is a number"):
            make_options(AskedOptions(shift_px=wrong))
