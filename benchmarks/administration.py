"""Creating identifiers one by one in sessions, durably.

Sixteen clients each keep a session and one request under way, as SDKs do; every creation is synced before it is
answered. Requests are made beforehand, so that the generator takes little of the machine. The peer's figures are
those of Handle.Net 9.3.1 as measured before on the reference machine (handle-server-observed.md §1), not taken
again here.
"""

from __future__ import annotations

import itertools
import secrets
import selectors
import socket
import time
from typing import TYPE_CHECKING

from benchmarks.records import packed, small_values
from benchmarks.row import Row
from idnode.clients import blocking, dialogues
from idnode.clients.identity import SecretIdentity
from idnode.registry.handle.wire.administration import encode_record
from idnode.registry.handle.wire.constants import ENVELOPE_BYTES, EXPIRATION_SECONDS, OpCode
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import decode_message, encode_response

if TYPE_CHECKING:
    from benchmarks.config import Config
    from idnode.clients.session import ClientSession

CLIENTS = 16
HANDLE_NET_CREATIONS = {
    "Handle.Net 9.3.1, the same: sessions by secret key": 1_290.0,
    "Handle.Net 9.3.1, sessions by RSA key": 1_510.0,
    "Handle.Net 9.3.1, HTTPS PUT": 2_245.0,
}
"""Creations a second of the real server: as ours, in its fastest sessions over TCP, and by its fastest way."""

_TIMES_AT_LEAST = 5.0

ADMIN = SecretIdentity(b"0.NA/88.900.1", 301, b"idnode-demo")
_PER_CLIENT_AND_SECOND = 2_500
_CODE = slice(ENVELOPE_BYTES + 4, ENVELOPE_BYTES + 8)
_SUCCESS = b"\0\0\0\x01"
_runs = itertools.count()


def run(config: Config) -> list[Row]:
    """Measure on the shared node, or one of our own."""
    with config.serving() as node:
        address = ("127.0.0.1", node.tcp.port)
        made = config.interleaved(
            {"ours": lambda: creations(address, config.seconds * 3)}, what="creations in sessions"
        )["ours"]
        return [
            Row(
                what=f"creations, durable, {CLIENTS} sessions over TCP",
                ours=tuple(made),
                peer=name,
                peers=(figure,) * len(made),
                note="peer's figure as measured before, see handle-server-observed.md",
                at_least=_TIMES_AT_LEAST,
            )
            for name, figure in HANDLE_NET_CREATIONS.items()
        ]


def creations(address: tuple[str, int], seconds: float) -> float:
    """Return how many identifiers a second the clients created, all of them answered with success."""
    run_name = f"{next(_runs)}-{secrets.token_hex(4)}"
    count = int(_PER_CLIENT_AND_SECOND * seconds)
    clients = [_Creator(address, f"{run_name}-{number}", count) for number in range(CLIENTS)]
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    started = time.perf_counter()
    for client in clients:
        client.send()
    while (passed := time.perf_counter() - started) < seconds:
        for key, _events in selector.select(0.1):
            key.data.receive()
    done = sum(client.created for client in clients)
    for client in clients:
        client.socket.close()
    selector.close()
    return done / passed


class _Creator:
    """One client: its session, its requests made beforehand, one of them under way."""

    def __init__(self, address: tuple[str, int], name: str, count: int) -> None:
        administrator = dialogues.Administrator(ADMIN)
        with blocking.Client(address) as client:
            session = client.do(dialogues.open_session(administrator))
            # The first request of a session is challenged; the rest are not.
            client.do(dialogues.create(administrator, f"88.900.1/bench-{name}-first", []))
        self._requests = iter(_requests(session, name, count))
        self.created = 0
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self) -> None:
        """Ask for the next creation, if any is left."""
        request = next(self._requests, None)
        if request is not None:
            self.socket.sendall(request)

    def receive(self) -> None:
        """Take the answer, and ask again."""
        # One request is under way, and its answer is short: one read brings it whole.
        answer = self.socket.recv(65_536)
        assert answer[_CODE] == _SUCCESS, decode_message(answer[ENVELOPE_BYTES:])
        self.created += 1
        self.send()


def _requests(session: ClientSession, name: str, count: int) -> list[bytes]:
    """Return creations of records of three values, each with the session's next code."""
    made = []
    expires = int(time.time()) + EXPIRATION_SECONDS
    record = packed(small_values(0))
    for number in range(count):
        body = encode_record(b"88.900.1/bench-%s-%d" % (name.encode(), number), record)
        envelope = Envelope(2, 11, 0, 2, 11, session.number, number + 1, 0, 0)
        message = encode_response(OpCode.CREATE_HANDLE, 0, 0, 0xFFFF, expires, body)
        _flags, sealed = session.seal(envelope, message)
        envelope.message_length = len(sealed)
        made.append(envelope.encode() + sealed)
        assert len(made[-1]) == ENVELOPE_BYTES + len(sealed)
    return made
