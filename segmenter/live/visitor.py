"""One visitor of the live tab: settings and frames in, answers out, the newest first."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from segmenter.background import Background
from segmenter.errors import SegmenterError
from segmenter.live.answerer import Answerer
from segmenter.live.wire import (
    Close,
    Refusal,
    is_ping,
    read_message,
    read_shape,
    send,
    settings_in,
)
from segmenter.pipeline import ReplaceOptions
from segmenter.stream import require_for_motion

NUMBER_BYTES = 4
STAGES = 2  # of the work on a frame, each with a frame of its own
STATUS_EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class LiveLimits:
    """What one page gives its visitors."""

    connections: int = 6
    message_bytes: int = 4_000_000
    frame_pixels: int = 1280 * 1280
    idle_s: float = 60.0  # without any message
    send_s: float = 10.0  # for a client that does not read its answers


@dataclass(frozen=True)
class Service:
    """What one page has for all of its visitors."""

    segmenter: Any  # finds people, as `Segmenter` does
    # Make a background, and the options, of a settings message; SegmenterError for what a visitor
    # may not ask.
    read_background: Callable[[dict], Background]
    read_options: Callable[[dict], ReplaceOptions]
    limits: LiveLimits
    threads: Executor  # in which frames are worked on


class Visitor:
    """One connection: the newest settings and frame, and what its answerer remembers."""

    def __init__(self, socket: WebSocket, service: Service):
        self._socket, self._service = socket, service
        self._arrived = asyncio.Event()
        self._settings: dict | None = None  # of all messages: what a later one leaves out stays
        self._are_new = False
        self._frame: bytes | None = None
        self._answerer: Answerer | None = None
        self._behind: Any = None  # what the last settings taken said of the background
        self._warning: str | None = None  # the last one sent
        self._complaint: str | None = None  # of settings that were not taken
        self._status_due = 0.0
        self._frame_ms = 0.0
        self._first_stage, self._second_stage = asyncio.Lock(), asyncio.Lock()

    async def stay(self) -> None:
        """Listen and answer at the same time until either ends."""
        jobs = [self._listen(), *(self._answer() for _ in range(STAGES))]
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end(tasks)
            if self._answerer:
                self._service.threads.submit(self._answerer.close)

    async def _listen(self) -> None:
        limits = self._service.limits
        while True:
            try:
                message = await asyncio.wait_for(self._socket.receive(), limits.idle_s)
            except asyncio.TimeoutError:
                words = f"no frame came for {limits.idle_s:.0f} seconds"
                raise Refusal(words, Close.IDLE) from None
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            content = message.get("bytes") or message.get("text") or ""
            if len(content) > limits.message_bytes:
                megabytes = limits.message_bytes / 1e6
                raise Refusal(f"a message may have {megabytes:.1f} MB; send less", Close.TOO_BIG)
            if isinstance(content, bytes):
                self._keep_frame(content)
            elif is_ping(message := read_message(content)):
                await self._send(message)
            else:
                self._keep_settings(message)

    def _keep_frame(self, content: bytes) -> None:
        """Put a frame where `_take` finds it, over an older one."""
        if self._settings is None:
            raise Refusal("a frame came before the settings; send the settings first")
        if len(content) <= NUMBER_BYTES:
            raise Refusal("a frame is a 4-byte number and a JPEG; this one is shorter")
        self._frame = content
        self._arrived.set()

    def _keep_settings(self, message: dict) -> None:
        """Put what a message changes where `_take` finds it."""
        self._settings = (self._settings or {}) | settings_in(message)
        self._are_new = True
        self._arrived.set()

    async def _answer(self) -> None:
        """Take frames through both stages, one at a time; as many of these run as stages.

        A frame leaves the first stage when the second is free, so the answers stay in order.
        """
        while True:
            async with self._first_stage:
                message = await self._take()
                started = time.monotonic()
                begun = await self._in_thread(self._answerer.begin, message[NUMBER_BYTES:])
                await self._second_stage.acquire()
            try:
                picture, warning = await self._in_thread(self._answerer.finish, begun)
                self._frame_ms = 1000 * (time.monotonic() - started)
                await self._send(message[:NUMBER_BYTES] + picture)
                await self._tell(warning or self._complaint)
            finally:
                self._second_stage.release()

    async def _take(self) -> bytes:
        """Wait for the next frame; settings that came before it are in force."""
        message = None
        while message is None or self._answerer is None:  # None too when settings were refused
            await self._arrived.wait()
            self._arrived.clear()
            are_new, self._are_new = self._are_new, False
            message, self._frame = self._frame, None
            if are_new:
                await self._change(self._settings)
        return message

    async def _change(self, settings: dict) -> None:
        """Take new settings; wrong first ones end the connection, later ones change nothing."""
        service, behind = self._service, (settings.get("background"), settings.get("fit"))
        background = None  # the one that is there, so that a clip goes on
        try:
            options = require_for_motion(await self._in_thread(service.read_options, settings))
            if self._answerer is None or behind != self._behind:
                background = await self._in_thread(service.read_background, settings)
        except SegmenterError as error:
            if self._answerer is None:
                raise Refusal(str(error)) from error
            async with self._second_stage:
                self._complaint = str(error)
                await self._tell(self._complaint)
            return
        pixels = service.limits.frame_pixels
        choice = background, options, read_shape(settings, pixels)
        async with self._second_stage:  # and in the first: no frame is under way
            self._complaint, self._behind = None, behind
            if self._answerer is None:
                self._answerer = Answerer(service.segmenter, pixels, *choice)
            else:
                await self._in_thread(self._answerer.change, *choice)
            self._answerer.tell_late(settings.get("late") is True)
            await self._send({"status": self._status()})

    async def _tell(self, warning: str | None) -> None:
        """Send a warning that is new or over, and from time to time the status."""
        if warning != self._warning:
            self._warning = warning
            await self._send({"warning": warning})
        if time.monotonic() >= self._status_due:
            self._status_due = time.monotonic() + STATUS_EVERY_S
            await self._send({"status": self._status()})

    def _status(self) -> dict:
        segmenter = self._service.segmenter
        return {
            "device": segmenter.describe(),
            "size": segmenter.live_size,
            "frame_ms": round(self._frame_ms, 1),
        }

    async def _in_thread(self, function: Callable, *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._service.threads, function, *arguments)

    async def _send(self, content: dict | bytes) -> None:
        try:
            await asyncio.wait_for(send(self._socket, content), self._service.limits.send_s)
        except asyncio.TimeoutError:
            raise Refusal("the answers were not read") from None


async def end(tasks: list[asyncio.Task]) -> None:
    """Cancel tasks until all have ended: before Python 3.12 `wait_for` may overhear it once."""
    while not all(task.done() for task in tasks):
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=0.1)
    await asyncio.gather(*tasks, return_exceptions=True)  # what they raised is known, or no matter
