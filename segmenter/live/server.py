"""The live tab's WebSocket: camera frames in, composites out, and never the room behind a visitor.

A client first sends its settings as JSON (`background`, `fit`, `options`, `width` and `height`,
`late` when it has to send less), then frames: a 4-byte big-endian number and a JPEG. The answer to
a frame is its number and a JPEG, or a WebP with alpha when the background is transparent. Settings
may be sent again at any time; what a message leaves out stays. Two frames are worked on at once;
one that arrives meanwhile waits, and is replaced by a newer one. JSON answers hold `status`,
`warning` (the visitor stays) or `error` (the connection is closed next). `{"ping": NUMBER}` comes
back at once, and tells how far away the server is.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from segmenter.background import Background
from segmenter.live.visitor import STAGES, LiveLimits, Service, Visitor
from segmenter.live.wire import Close, Refusal, farewell, require_same_origin
from segmenter.pipeline import ReplaceOptions

log = logging.getLogger(__name__)


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
        limits = limits or LiveLimits()
        # Threads for each visitor: a slow frame of one never makes another wait for a thread.
        threads = ThreadPoolExecutor(STAGES * limits.connections, "live")
        self._service = Service(segmenter, read_background, read_options, limits, threads)
        self._visitors = 0

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one connection until it ends; for `WebSocketRoute("/live", server.endpoint)`."""
        await socket.accept()
        try:
            require_same_origin(socket.headers)
            with self._seat():
                await Visitor(socket, self._service).stay()
        except WebSocketDisconnect:
            pass
        except Refusal as refusal:
            await farewell(socket, refusal, self._service.limits.send_s)
        except Exception:
            log.exception("a live connection failed")
            words = "something went wrong here; start again"
            await farewell(socket, Refusal(words, Close.BROKEN), self._service.limits.send_s)

    @contextmanager
    def _seat(self) -> Iterator[None]:
        """Count one visitor more, unless all seats are taken."""
        if self._visitors >= self._service.limits.connections:
            raise Refusal("the live tab is full at the moment; try again in a minute", Close.BUSY)
        self._visitors += 1
        try:
            yield
        finally:
            self._visitors -= 1
