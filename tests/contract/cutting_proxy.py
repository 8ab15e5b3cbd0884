"""A network between a node and its database that can be cut at the moment that matters."""

import asyncio
import enum
from contextlib import suppress


class Cut(enum.Enum):
    """When the connection ends that sends the next commit."""

    BEFORE = "the commit does not arrive"
    AFTER = "the commit arrives, and its answer does not"
    SILENT = "the commit arrives, and nothing comes back from then on"


COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"


class CuttingProxy:
    """Passes bytes on; ``cut`` is for the next commit, and while ``open`` is false nobody gets through."""

    def __init__(self, port):
        self._port = port
        self.cut = None
        self.open = True
        self.cuts = 0
        self._writers = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        self.drop()
        await self._server.wait_closed()

    def drop(self):
        """End every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def shut(self):
        """End every connection and let nobody through."""
        self.open = False
        self.drop()

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        with suppress(OSError):
            if self.open:
                up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port)
                self._writers.add(up_writer)
                deaf = asyncio.Event()
                await asyncio.wait(
                    {
                        asyncio.ensure_future(self._up(reader, up_writer, deaf)),
                        asyncio.ensure_future(self._down(up_reader, writer, deaf)),
                    },
                    return_when=asyncio.FIRST_COMPLETED,
                )
                up_writer.transport.abort()
                self._writers.discard(up_writer)
        writer.transport.abort()
        self._writers.discard(writer)

    async def _up(self, reader, writer, deaf):
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                if self.cut and COMMIT in data:
                    cut, self.cut = self.cut, None
                    self.cuts += 1
                    if cut is Cut.BEFORE:
                        return
                    deaf.set()
                    writer.write(data)
                    await writer.drain()
                    if cut is Cut.AFTER:
                        return
                    continue
                writer.write(data)
                await writer.drain()

    async def _down(self, reader, writer, deaf):
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                if not deaf.is_set():
                    writer.write(data)
                    await writer.drain()
