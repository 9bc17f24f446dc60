"""What may travel over the live socket: whose messages, camera frames in, safe pictures out."""

import asyncio
import json
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from enum import IntEnum
from io import BytesIO
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from starlette.websockets import WebSocket, WebSocketDisconnect

from segmenter.arrays import Cutout, Frame
from segmenter.background import Background, Transparent
from segmenter.errors import InvalidInput, UnreadableImage

GREY = 128  # of the card shown when there is nothing else that is safe to show
LARGEST_SIDE = 16_383  # pixels, of a WebP; that of a JPEG is larger
JPEG_QUALITY, WEBP_QUALITY = 85, 75
LATE_QUALITY = 70  # of JPEGs where the line is slow: two thirds of the bytes
USUAL_PORTS = {"http": ":80", "https": ":443"}
SETTINGS = ("background", "fit", "options", "width", "height", "late")

log = logging.getLogger(__name__)


class Close(IntEnum):
    """WebSocket close codes."""

    POLICY = 1008
    TOO_BIG = 1009
    BROKEN = 1011
    BUSY = 1013
    IDLE = 4408  # our own, after HTTP's 408: page/live connects again with the next frame


class Refusal(Exception):
    """A connection that has to end: why in plain words, and the close code."""

    def __init__(self, words: str, code: Close = Close.POLICY):
        super().__init__(words)
        self.code = code


async def send(socket: WebSocket, content: dict | bytes) -> None:
    """Send a picture, or JSON in ASCII: of UTF-8 half a character, from a visitor, is none."""
    if isinstance(content, bytes):
        await socket.send_bytes(content)
    else:
        await socket.send_text(json.dumps(content))


async def farewell(socket: WebSocket, refusal: Refusal, limit_s: float) -> None:
    """Say why, then close; a client that is gone, or does not read, is no error."""
    with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):
        await asyncio.wait_for(send(socket, {"error": str(refusal)}), limit_s)
        await asyncio.wait_for(socket.close(refusal.code), limit_s)


def require_same_origin(headers: Mapping[str, str]) -> None:
    """Refuse a browser that is on another site's page; programs other than browsers send no origin.

    `X-Forwarded-Host` is believed because a page in a browser can't set it.
    """
    origin = headers.get("origin")
    forwarded = headers.get("x-forwarded-host", "").split(",")  # each proxy on the way adds one
    hosts = {headers.get("host"), *map(str.strip, forwarded)} - {None, ""}
    if origin is not None and not is_of(origin, hosts):
        raise Refusal(
            f"this page's live tab can't be used from {origin}; where that is its own address, let "
            "the proxy pass it on as Host or X-Forwarded-Host"
        )


def is_of(origin: str, hosts: Collection[str]) -> bool:
    """Tell whether an origin is at one of the hosts, whose port may be told though it is usual."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    usual = USUAL_PORTS.get(parts.scheme, "")
    return parts.netloc in {host.removesuffix(usual) for host in hosts}


def read_message(text: str) -> dict:
    """Parse a message; a Refusal when it is no JSON object."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise Refusal("the settings are not a JSON object")
    return message


def is_ping(message: dict) -> bool:
    """Tell whether a message only asks to be sent back, which tells how far away the server is."""
    return list(message) == ["ping"] and isinstance(message["ping"], int | float)


def settings_in(message: dict) -> dict:
    """Return what a message says of the settings."""
    return {name: message[name] for name in SETTINGS if name in message}


def read_shape(settings: dict, largest_pixels: int) -> tuple[int, int]:
    """Return the (height, width) that a client announces; the default where they make no sense.

    Answers to frames that can't be read have this size.
    """
    height, width = settings.get("height", 480), settings.get("width", 640)
    whole = type(height) is int and type(width) is int  # true and false would pass isinstance
    if not whole or not 1 <= min(height, width) <= max(height, width) <= LARGEST_SIDE:
        return 480, 640
    return (height, width) if height * width <= largest_pixels else (480, 640)


def decode_frame(jpeg: bytes, largest_pixels: int) -> Frame:
    """Return a camera picture as (H, W, 3) uint8 RGB; its size is checked before it is decoded.

    Raises:
        UnreadableImage: no whole JPEG.
        InvalidInput: more than `largest_pixels`, or too long for an answer.
    """
    try:
        with Image.open(BytesIO(jpeg), formats=["JPEG"]) as picture:
            width, height = picture.size
            if width * height > largest_pixels or max(width, height) > LARGEST_SIDE:
                raise InvalidInput(f"a camera frame of {width}x{height} is too big; send less")
            return np.array(picture.convert("RGB"))
    # Pillow's own words for a damaged file, and its warning where warnings are errors.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise UnreadableImage("a camera frame was no whole JPEG") from error


def encode(picture: Frame | Cutout, jpeg_quality: int = JPEG_QUALITY) -> bytes:
    """Return a JPEG of a composite or a WebP with alpha of a cut-out."""
    encoded = BytesIO()
    if picture.shape[2] == 4:
        Image.fromarray(picture).save(encoded, "WEBP", quality=WEBP_QUALITY, method=0)
    else:
        Image.fromarray(picture).save(encoded, "JPEG", quality=jpeg_quality)
    return encoded.getvalue()


def room_free(background: Background, time_s: float, shape: tuple[int, int]) -> Frame:
    """Return the new background alone; grey where there is none, or it fails.

    It is asked with a grey card for a frame, so that a blur of the room becomes grey too.

    Args:
        background: what the visitor chose.
        time_s: seconds since the camera began.
        shape: height and width of the answer, in pixels.
    """
    card = np.full((*shape, 3), GREY, np.uint8)
    if isinstance(background, Transparent):
        return card
    try:
        return background.at(time_s, card, np.zeros(shape, np.float32))
    except Exception:
        log.exception("a live background failed")
        return card
