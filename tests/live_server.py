"""A live server in a thread, and what its visitors send and read."""

import json
import struct
import threading
import time
from contextlib import contextmanager
from io import BytesIO

import numpy as np
import pytest
import uvicorn
from PIL import Image
from scenes import RedSegmenter
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.exceptions import ConnectionClosed

from segmenter.live import LiveServer
from segmenter.page.choice import Choice, make_background, make_options

HEIGHT, WIDTH = 96, 128
PATIENCE_S = 30.0  # for what comes at once but on a machine with much else to do
ROOM = (20, 150, 60)
PERSON = (220, 30, 40)
BLUE = (0, 0, 255)
# The edges are tested elsewhere: here the person is where the segmenter says.
SHARP = {"edge_strength": 0.0}


class RedPeople(RedSegmenter):
    """Says that what is red is a person, after a pause."""

    live_size = photo_size = 64

    def __init__(self, pause_s=0.0):
        self.pause_s = pause_s

    def probability(self, frame, size=None):
        time.sleep(self.pause_s)
        return super().probability(frame, size)


class Broken(RedPeople):
    def probability(self, frame, size=None):
        raise RuntimeError("out of order")


class HeldUpByWide(RedPeople):
    """Works on a wide frame until the test lets it go on."""

    def __init__(self):
        super().__init__()
        self.is_held_up, self.may_go_on = threading.Event(), threading.Event()

    def probability(self, frame, size=None):
        if frame.shape[1] > WIDTH:
            self.is_held_up.set()
            assert self.may_go_on.wait(PATIENCE_S), "nobody let it go on"
        return super().probability(frame, size)


def scene(column=40, width=WIDTH):
    """A person in a green room, 48 pixels wide: so large that she is seen in one look."""
    picture = np.full((HEIGHT, width, 3), ROOM, np.uint8)
    picture[24:, column : column + width // 2 - 16] = PERSON
    return picture


def moved(number):
    """The scene, in which she is elsewhere in each of 11 frames: the network never rests."""
    return scene(column=8 + 7 * (number % 11))


def as_frame(number, picture):
    encoded = BytesIO()
    Image.fromarray(picture).save(encoded, "JPEG", quality=95)
    return struct.pack(">I", number) + encoded.getvalue()


def as_picture(answer):
    """The number and the picture of an answer, (H, W, 3 or 4)."""
    return struct.unpack(">I", answer[:4])[0], np.array(Image.open(BytesIO(answer[4:])))


@contextmanager
def served(segmenter, limits=None, presets=None, read_background=None):
    """Give the address of a live server that runs in a thread."""

    def make(message):
        return make_background(Choice.from_message(message), presets or {})

    def read_options(message):
        return make_options(Choice.from_message(message).options)

    live = LiveServer(segmenter, read_background or make, read_options, limits)
    application = Starlette(routes=[WebSocketRoute("/live", live.endpoint)])
    server = uvicorn.Server(
        uvicorn.Config(application, port=0, log_level="error", ws="websockets-sansio")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/live"
    finally:
        server.should_exit = True
        thread.join()


def settings(background="#0000ff", **options):
    message = {"background": background, "width": WIDTH, "height": HEIGHT}
    return json.dumps({**message, "options": {**SHARP, **options}})


def next_picture(socket, timeout=PATIENCE_S):
    """The next picture, past the JSON messages."""
    while True:
        answer = socket.recv(timeout)
        if isinstance(answer, bytes):
            return as_picture(answer)


def next_message(socket, key, timeout=PATIENCE_S):
    """What the next JSON message says under a key, past everything else."""
    while True:
        answer = socket.recv(timeout)
        if isinstance(answer, str) and key in json.loads(answer):
            return json.loads(answer)[key]


def refusal(socket):
    """The sentence before the close, and the close code."""
    words = next_message(socket, "error")
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(PATIENCE_S)
    return words, closed.value.rcvd.code


def near(colour, wanted, tolerance=30):
    return np.abs(colour.astype(int) - wanted).max() <= tolerance
