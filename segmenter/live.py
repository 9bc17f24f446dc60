"""The live tab's WebSocket: camera frames in, composites out, and never the room behind a visitor.

A client first sends its settings as JSON, then frames: a 4-byte big-endian number and a JPEG. The
answer to a frame is its number and a JPEG, or a WebP with alpha when the background is
transparent. Settings may be sent again at any time. Two frames are worked on at once; one that
arrives meanwhile waits, and is replaced by a newer one. JSON answers hold `status`, `warning` (the
visitor stays) or `error` (the connection is closed next).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from segmenter.answerer import Answerer
from segmenter.background import Background
from segmenter.errors import SegmenterError
from segmenter.pipeline import ReplaceOptions
from segmenter.stream import require_for_motion
from segmenter.wire import (
    Close,
    Refusal,
    farewell,
    read_settings,
    read_shape,
    require_same_origin,
    send,
)

NUMBER_BYTES = 4
STAGES = 2  # of the work on a frame, each with a frame of its own
STATUS_EVERY_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LiveLimits:
    """What one page gives its visitors."""

    connections: int = 6
    message_bytes: int = 4_000_000
    frame_pixels: int = 1280 * 1280
    idle_s: float = 60.0  # without any message
    send_s: float = 10.0  # for a client that does not read its answers


class LiveServer:
    """Serves the live tab to several visitors at once, each with its own memory and threads."""

    def __init__(
        self,
        segmenter: Any,
        read_background: Callable[[dict], Background],
        read_options: Callable[[dict], ReplaceOptions],
        limits: LiveLimits | None = None,
    ):
        """Share one segmenter among the visitors.

        Args:
            segmenter: finds people, as `Segmenter` does.
            read_background: makes a background from a settings message; raises SegmenterError for
                what a visitor may not ask.
            read_options: likewise the options.
            limits: None for the defaults.
        """
        self.segmenter = segmenter
        self.read_background, self.read_options = read_background, read_options
        self.limits = limits or LiveLimits()
        self.visitors = 0
        # Threads for each visitor: a slow frame of one never makes another wait for a thread.
        self.threads = ThreadPoolExecutor(STAGES * self.limits.connections, "live")

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one connection until it ends; for `WebSocketRoute("/live", server.endpoint)`."""
        await socket.accept()
        try:
            require_same_origin(socket.headers)
            with self._seat():
                await Visitor(socket, self).stay()
        except WebSocketDisconnect:
            pass
        except Refusal as refusal:
            await farewell(socket, refusal, self.limits.send_s)
        except Exception:
            log.exception("a live connection failed")
            words = "something went wrong here; start again"
            await farewell(socket, Refusal(words, Close.BROKEN), self.limits.send_s)

    @contextmanager
    def _seat(self) -> Iterator[None]:
        """Count one visitor more, unless all seats are taken."""
        if self.visitors >= self.limits.connections:
            raise Refusal("the live tab is full at the moment; try again in a minute", Close.BUSY)
        self.visitors += 1
        try:
            yield
        finally:
            self.visitors -= 1


class Visitor:
    """One connection: the newest settings and frame, and what its answerer remembers."""

    def __init__(self, socket: WebSocket, server: LiveServer):
        self._socket, self._server = socket, server
        self._arrived = asyncio.Event()
        self._has_settings = False
        self._settings: dict | None = None
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
                self._server.threads.submit(self._answerer.close)

    async def _listen(self) -> None:
        limits = self._server.limits
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
            self._keep_newest(content)

    def _keep_newest(self, content: str | bytes) -> None:
        """Put a message where `_take` finds it, over an older one of its kind."""
        if isinstance(content, str):
            self._settings = read_settings(content)
            self._has_settings = True
        elif not self._has_settings:
            raise Refusal("a frame came before the settings; send the settings first")
        elif len(content) <= NUMBER_BYTES:
            raise Refusal("a frame is a 4-byte number and a JPEG; this one is shorter")
        else:
            self._frame = content
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
            settings, self._settings = self._settings, None
            message, self._frame = self._frame, None
            if settings is not None:
                await self._change(settings)
        return message

    async def _change(self, settings: dict) -> None:
        """Take new settings; wrong first ones end the connection, later ones change nothing."""
        server, behind = self._server, (settings.get("background"), settings.get("fit"))
        background = None  # the one that is there, so that a clip goes on
        try:
            options = require_for_motion(await self._in_thread(server.read_options, settings))
            if self._answerer is None or behind != self._behind:
                background = await self._in_thread(server.read_background, settings)
        except SegmenterError as error:
            if self._answerer is None:
                raise Refusal(str(error)) from error
            async with self._second_stage:
                self._complaint = str(error)
                await self._tell(self._complaint)
            return
        pixels = server.limits.frame_pixels
        choice = background, options, read_shape(settings, pixels)
        async with self._second_stage:  # and in the first: no frame is under way
            self._complaint, self._behind = None, behind
            if self._answerer is None:
                self._answerer = Answerer(server.segmenter, pixels, *choice)
            else:
                await self._in_thread(self._answerer.change, *choice)
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
        segmenter = self._server.segmenter
        return {
            "device": segmenter.describe(),
            "size": segmenter.live_size,
            "frame_ms": round(self._frame_ms, 1),
        }

    async def _in_thread(self, function: Callable, *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._server.threads, function, *arguments)

    async def _send(self, content: dict | bytes) -> None:
        try:
            await asyncio.wait_for(send(self._socket, content), self._server.limits.send_s)
        except asyncio.TimeoutError:
            raise Refusal("the answers were not read") from None


async def end(tasks: list[asyncio.Task]) -> None:
    """Cancel tasks until all have ended: before Python 3.12 `wait_for` may overhear it once."""
    while not all(task.done() for task in tasks):
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=0.1)
    await asyncio.gather(*tasks, return_exceptions=True)  # what they raised is known, or no matter
