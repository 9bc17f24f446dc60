"""A server that is far away: what goes to it, and comes back, is held up on the way."""

import asyncio
import threading
from contextlib import contextmanager, suppress
from queue import Queue

PIECE_BYTES = 1 << 14


@contextmanager
def far_away(port, latency_s):
    """Give a port that leads to another one of this machine, `latency_s` there and back."""
    begun = Queue()
    thread = threading.Thread(target=asyncio.run, args=(lead_to(port, latency_s, begun),))
    thread.start()
    leading, loop, end = begun.get(timeout=10)
    try:
        yield leading
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


async def lead_to(port, latency_s, begun):
    """Carry what comes until the end; tell of the port, the loop and the end when it begins."""
    loop, end, writers = asyncio.get_running_loop(), asyncio.Event(), []

    async def carry(reader, writer):
        with suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                loop.call_later(latency_s / 2, pass_on, writer, piece)
        loop.call_later(latency_s / 2, writer.close)

    async def visit(reader, writer):
        there = await asyncio.open_connection("127.0.0.1", port)
        writers.extend((writer, there[1]))
        await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))

    def pass_on(writer, piece):
        if not writer.is_closing():
            writer.write(piece)

    async with await asyncio.start_server(visit, "127.0.0.1", 0) as server:
        begun.put((server.sockets[0].getsockname()[1], loop, end))
        await end.wait()
        for writer in writers:
            writer.close()
        closing = (writer.wait_closed() for writer in writers)
        await asyncio.gather(*closing, return_exceptions=True)
