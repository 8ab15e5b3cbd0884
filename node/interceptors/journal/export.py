"""Entries in the forms that other programs read: HAR for HTTP, pcapng for the binary protocol, NDJSON for both.

Every export is of what the journal keeps: secrets are withheld in HAR, and overwritten by zeros in pcapng. Packets are
made anew around the messages: addresses and ports are the real peers', sequence numbers and handshakes are not.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

import orjson

from idnode.node.interceptors.journal.entry import KeptBinary, KeptHttp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from idnode.node.interceptors.journal.entry import Entry

HAR_TYPE: Final = "application/json"
PCAPNG_TYPE: Final = "application/x-pcapng"
NDJSON_TYPE: Final = "application/x-ndjson"

NODE_ADDRESS: Final = "127.0.0.1"
NODE_PORT: Final = 2641
_RAW_IP: Final = 101
"""Link type of packets that begin with their IP header (tcpdump.org, link-layer header types)."""
_SEGMENT_BYTES: Final = 16_384
_DATAGRAM_BYTES_MAX: Final = 65_000
_SNAP_BYTES: Final = 262_144


def ndjson(entries: Iterable[Entry]) -> bytes:
    """Return one line of JSON for each entry."""
    return b"".join(orjson.dumps(entry.as_data()) + b"\n" for entry in entries)


def har(entries: Iterable[Entry], version: str) -> bytes:
    """Return the HTTP entries as an HTTP Archive 1.2."""
    log = {
        "version": "1.2",
        "creator": {"name": "idnode", "version": version},
        "entries": [_har_entry(e, e.request) for e in entries if isinstance(e.request, KeptHttp)],
    }
    return orjson.dumps({"log": log}, option=orjson.OPT_INDENT_2)


def _har_entry(entry: Entry, request: KeptHttp) -> dict[str, Any]:
    method, target = request.start
    host = next((v for n, v in request.headers if n.lower() == "host"), NODE_ADDRESS)
    answer = entry.answer if isinstance(entry.answer, KeptHttp) else None
    status, phrase = answer.start if answer else ("0", "")
    milliseconds = round(entry.seconds * 1000, 3)
    posted = {
        "postData": {"mimeType": _content_type(request), "text": request.body}
    } if request.body else {}  # fmt: skip
    return {
        "startedDateTime": datetime.fromtimestamp(entry.time - entry.seconds, UTC).isoformat(),
        "time": milliseconds,
        "request": {
            "method": method,
            "url": f"http://{host}{target}",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _har_headers(request),
            "queryString": [],
            "headersSize": -1,
            "bodySize": request.length,
            **posted,
        },
        "response": {
            "status": int(status),
            "statusText": phrase,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _har_headers(answer) if answer else [],
            "content": {
                "size": answer.length if answer else 0,
                "mimeType": _content_type(answer) if answer else "",
                "text": answer.body if answer else "",
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": answer.length if answer else -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": entry.why.en if entry.why else "",
        "_id": entry.id,
    }


def _har_headers(kept: KeptHttp) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in kept.headers]


def _content_type(kept: KeptHttp) -> str:
    return next((v for n, v in kept.headers if n.lower() == "content-type"), "")


def pcapng(entries: Iterable[Entry]) -> bytes:
    """Return the binary entries as packets that Wireshark and tshark read."""
    from dpkt import pcapng as writing  # noqa: PLC0415  # only for an export

    file = io.BytesIO()
    writer = writing.Writer(file, snaplen=_SNAP_BYTES, linktype=_RAW_IP)
    streams: dict[int, list[int]] = {}
    for entry in entries:
        if not isinstance(entry.request, KeptBinary):
            continue
        began = entry.time - entry.seconds
        for packet in _packets(entry, entry.request.wire, streams, from_peer=True):
            writer.writepkt(packet, began)
        if isinstance(entry.answer, KeptBinary):
            for packet in _packets(entry, entry.answer.wire, streams, from_peer=False):
                writer.writepkt(packet, entry.time)
    return file.getvalue()


def _packets(
    entry: Entry, wire: bytes, streams: dict[int, list[int]], *, from_peer: bool
) -> Iterator[bytes]:
    """Yield the packets of one message; ``streams`` has the next sequence numbers of both sides, by connection."""
    from dpkt import tcp, udp  # noqa: PLC0415  # only for an export

    host, _, port = entry.peer.rpartition(":")
    peer = (host or NODE_ADDRESS, int(port) if port.isdigit() else 0)
    source, target = (peer, (NODE_ADDRESS, NODE_PORT))
    if not from_peer:
        source, target = target, source
    if not entry.connection:
        for at in range(0, len(wire), _DATAGRAM_BYTES_MAX):
            part = wire[at : at + _DATAGRAM_BYTES_MAX]
            datagram = udp.UDP(sport=source[1], dport=target[1], data=part, ulen=8 + len(part))
            yield _ip(source[0], target[0], 17, datagram)
        return
    numbers = streams.setdefault(entry.connection, [1, 1])
    mine, other = (0, 1) if from_peer else (1, 0)
    for at in range(0, len(wire), _SEGMENT_BYTES):
        part = wire[at : at + _SEGMENT_BYTES]
        segment = tcp.TCP(
            sport=source[1],
            dport=target[1],
            seq=numbers[mine],
            ack=numbers[other],
            flags=tcp.TH_ACK | tcp.TH_PUSH,
            win=65_535,
            data=part,
        )
        numbers[mine] = (numbers[mine] + len(part)) & 0xFFFFFFFF
        yield _ip(source[0], target[0], 6, segment)


def _ip(source: str, target: str, protocol: int, payload: Any) -> bytes:
    """Return an IP packet; IPv4 addresses become mapped ones where the other side has IPv6."""
    from dpkt import ip, ip6  # noqa: PLC0415  # only for an export

    addresses = [ip_address(each.partition("%")[0]) for each in (source, target)]
    if all(address.version == 4 for address in addresses):
        packet = ip.IP(
            src=addresses[0].packed, dst=addresses[1].packed, p=protocol, ttl=64, data=payload
        )
        packet.len = 20 + len(payload)
        return bytes(packet)
    wide = [a.packed if a.version == 6 else b"\0" * 10 + b"\xff\xff" + a.packed for a in addresses]
    packet6 = ip6.IP6(src=wide[0], dst=wide[1], nxt=protocol, hlim=64, data=payload)
    packet6.plen = len(payload)
    packet6.extension_hdrs = {}
    packet6.all_extension_headers = []
    return bytes(packet6)
