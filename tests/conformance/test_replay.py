"""What a real server answered, our node answers: captured exchanges, in their order, compared part by part.

`tests/vectors/handle-server-wire.jsonl` holds what Handle.Net's own client (and requests made by hand) and a
Handle.Net 9.3.1 server said to each other. The requests go to a node with the same identities and records. Proofs
and session codes are made anew, because nonces and keys differ; then operation, response code, flags, version,
session and body must be the same, apart from times, nonces, keys and minted suffixes. Every other difference
stands in `tests/vectors/README.md` with its reason, and nothing stands there that does not differ.
"""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.service.events import NullObserver
from idnode.registry.handle.wire.constants import EnvelopeFlag
from idnode.registry.handle.wire.datagrams import Reassembly
from idnode.registry.handle.wire.envelope import decode_envelope
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import decode_message

VECTORS = Path(__file__).parents[1] / "vectors"
UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LISTED = re.compile(r"^\| `(handle-server\.\S+)` \| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


class Exchange:
    """One request, in one or more packets, and what the real server answered."""

    def __init__(self, name, number, transport):
        self.name = name
        self.number = number
        self.transport = transport
        self.requests = []
        self.answers = []

    @property
    def key(self):
        return self.name, self.number


def captured():
    """Return the binary exchanges of the file, in order."""
    found, counts = [], {}
    previous = None
    lines = (VECTORS / "handle-server-wire.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        if row["transport"] not in {"tcp", "udp"}:
            continue
        is_request = row["direction"] == "request"
        if is_request and previous != "request":
            number = counts[row["name"]] = counts.get(row["name"], 0) + 1
            found.append(Exchange(row["name"], number, row["transport"]))
        (found[-1].requests if is_request else found[-1].answers).append(bytes.fromhex(row["hex"]))
        previous = row["direction"]
    return found


@pytest.fixture
async def faces(lab):
    """Addresses of both binary faces of the lab's node."""
    tcp = HandleTcp(lab.receiver, NullObserver(), lab.clock)
    udp = HandleUdp(lab.receiver, NullObserver(), lab.clock)
    await tcp.start("127.0.0.1", 0)
    await udp.start("127.0.0.1", 0)
    yield {"tcp": tcp.address, "udp": udp.address}
    await tcp.stop(0)
    await udp.stop()


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self):
        self.received = asyncio.Queue()

    def datagram_received(self, data, addr):
        self.received.put_nowait(data)


async def over_udp(address, packets):
    """Return (envelope, message bytes) of the answer, and nothing if none is due."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Datagrams, remote_addr=address)
    probe = Marker.request()
    for packet in [*packets, probe]:
        transport.sendto(packet)
    joined, found = Reassembly(), []
    while True:
        datagram = await asyncio.wait_for(protocol.received.get(), 30)
        if decode_envelope(datagram).request_id == Marker.REQUEST_ID:
            break
        whole = joined.add(None, datagram, 0.0)
        if whole is not None:
            found.append(whole)
    transport.close()
    return found


class Marker:
    """A request whose answer shows that everything before it was taken in."""

    REQUEST_ID = 0x7EADBEEF

    @classmethod
    def request(cls):
        message = bytes.fromhex("00000002" + "00" * 8 + "ffff0000" + "7fffffff" + "00000005")
        message += b"\0\0\0\x01/" + bytes(4)
        envelope = bytes.fromhex(f"020b020b00000000{cls.REQUEST_ID:08x}00000000")
        return envelope + len(message).to_bytes(4, "big") + message


async def over_tcp(address, packets):
    """Return (envelope, message bytes) of each answer on a connection whose client has nothing more to say."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"".join(packets))
    writer.write_eof()
    data = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    await writer.wait_closed()
    return Framer(1 << 24).feed(data)


def parts(envelope, data, lab):
    """Return what is compared of an answer."""
    told = {
        "version": (envelope.major, envelope.minor),
        "suggested": (envelope.suggested_major, envelope.suggested_minor),
        "envelope flags": envelope.flags,
        "session": bool(envelope.session_id),
        "request id": envelope.request_id,
    }
    if envelope.flags & EnvelopeFlag.ENCRYPTED:
        return told | {"bytes": len(data)}
    message = decode_message(data)
    return told | {
        "operation": message.op_code,
        "response code": message.response_code,
        "flags": message.op_flags,
        "site serial": message.site_serial,
        "body": lab.comparable(message),
        "credential": lab.credential_of(message),
    }


def differences(exchange, ours, lab):
    """Return the names of the parts in which our answers differ from the captured ones."""
    joined = Reassembly()
    real = []
    for answer in exchange.answers:
        if answer:
            whole = joined.add(None, answer, 0.0) if exchange.transport == "udp" else None
            real += [whole] if whole else Framer(1 << 24).feed(answer)
    if len(real) != len(ours):
        return {"number of answers"}
    found = set()
    for captured_answer, our_answer in zip(real, ours, strict=True):
        theirs, us = parts(*captured_answer, lab), parts(*our_answer, lab)
        found |= {name for name in theirs.keys() | us.keys() if theirs.get(name) != us.get(name)}
    return found


async def test_a_node_answers_what_the_real_server_answered(lab, faces):
    listed = {}
    for name, number, what, reason in LISTED.findall(
        (VECTORS / "README.md").read_text(encoding="utf-8")
    ):
        assert len(reason.strip()) >= 8, f"{name} differs without a reason"
        listed[name, int(number)] = {each.strip() for each in what.split(",")}
    found = {}
    exchanges = captured()
    for exchange in exchanges:
        await lab.prepare(exchange)
        packets = await lab.made_anew(exchange)
        send = over_udp if exchange.transport == "udp" else over_tcp
        ours = await send(faces[exchange.transport], packets)
        lab.learn(exchange, ours)
        differing = differences(exchange, ours, lab)
        if differing:
            found[exchange.key] = differing
    assert found == listed
    equal = len(exchanges) - len(found)
    sys.stdout.write(f"{len(exchanges)} exchanges, {equal} equal, {len(found)} listed\n")
