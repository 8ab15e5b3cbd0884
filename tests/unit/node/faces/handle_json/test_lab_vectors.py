"""What a Handle.Net 9.3.1 server answered over HTTP and HTTPS, this face answers, too.

Promises: each recorded exchange of handle-server-wire.jsonl, sent byte for byte in its order, gets the same status,
JSON, Location, Allow and invitation to sign in; timestamps, minted names, session ids and nonces apart. Where the
answer differs on purpose, the table says in what and why, and the table is exact.
"""

import asyncio
import json
import re
from pathlib import Path

import pytest

from idnode.node.faces.http.sessions import Drawn, WebSessions, draw
from idnode.node.service.identifiers.credentials import Identity

OWN_PAGE = "the page is our own"
OWN_SITE = "describes the lab's server"
COUNTED = "counts the lab's handles, or lists its prefixes"
BODY = "answered like the other methods that are not there; TRACE is none of ours"

DIFFERENT = {
    "http-plain.site": ("body", OWN_SITE),
    "http-plain.root": ("body", OWN_PAGE),
    "http-plain.proxy-path": ("body", OWN_PAGE),
    "http-plain.admin": (
        "status body content type location",
        "there is no admin page to be sent to",
    ),
    "https.root": ("body", OWN_PAGE),
    "https.admin": ("status body content type", "there is no admin page"),
    "https.list.pageSize-0-count": ("body", COUNTED),
    "https.prefixes.list": ("body", COUNTED),
    "https.prefixes.one": ("body content type allow", BODY),
}
"""Exchange → in what the answer differs, and why."""

UNRECORDED = {
    "https.resolve.ttl-formats": "http-plain.create.negative-ttl-date",
    "https.delete.value": "http-plain.modify.index-various",
}
"""Exchanges in front of which the lab sent another, which is on record over plain HTTP only."""

VARYING = [
    (re.compile(r'"timestamp": ?"[^"]*"'), '"timestamp":""'),
    (re.compile(r"88\.118\.8/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "88.118.8/UUID"),
    (re.compile(r'sessionId="[^"]*", nonce="[A-Za-z0-9+/=]{24}"'), "S"),
]


def exchanges():
    """Return name, request and response of each exchange, in their order."""
    path = Path(__file__).parents[4] / "vectors" / "handle-server-wire.jsonl"
    found = {}
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if line["transport"] in {"http", "https"}:
            name = line["name"].removeprefix("handle-server.")
            found.setdefault(name, {})[line["direction"]] = bytes.fromhex(line["hex"])
    return [(name, both["request"], both["response"]) for name, both in found.items()]


def parts_of(response):
    """Return what is compared of a response."""
    head, _, body = response.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    text = body.decode()
    invitations = [value for name, value in headers if name == "WWW-Authenticate"]
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
        invitations = [pattern.sub(instead, value) for value in invitations]
    single = dict(headers)
    return {
        "status": status.split()[1],
        "body": text,
        "content type": single.get("Content-Type") if text else None,
        "location": single.get("Location"),
        "allow": single.get("Allow"),
        "invitations": invitations,
        "origin": single.get("Access-Control-Allow-Origin"),
    }


def differences(expected, got):
    recorded, answered = parts_of(expected), parts_of(got)
    if recorded["allow"] is None:  # the original forgets it where it answers in JSON
        answered["allow"] = None
    return " ".join(name for name in recorded if recorded[name] != answered[name])


def secret(text):
    return {"index": 301, "type": "HS_SECKEY", "data": text, "permissions": "1100"}


@pytest.fixture
async def lab(house):
    """The records that the exchanges presuppose, and sessions that get the recorded ids."""
    admin = {
        "index": 100,
        "type": "HS_ADMIN",
        "data": {
            "format": "admin",
            "value": {"handle": "0.NA/88.118.8", "index": 200, "permissions": "111111111111"},
        },
    }
    members = [("0.NA/88.118.8", 300), ("0.NA/88.118.8", 301), ("88.118.8/USER1", 301)]
    group = [{"handle": handle, "index": index} for handle, index in members]
    value = {"index": 200, "type": "HS_VLIST", "data": {"format": "vlist", "value": group}}
    await house.seed("0.NA/88.118.8", [admin, value])
    for name in ("ADMIN", "USER1", "USER2"):
        await house.seed(f"88.118.8/{name}", [admin, secret(f"{name.lower()}-secret")])
    return house


class Rehearsal:
    """What the lab did besides the exchanges on record."""

    def __init__(self, clock):
        self._next = []
        self.sessions = WebSessions(clock, draw=lambda: self._next.pop() if self._next else draw())

    def prepare(self, name, request, response):
        if name in {"https.session.this.unauth", "https.session.authenticate.bad-signature"}:
            state = json.loads(response.partition(b"\r\n\r\n")[2])
            self._next.append(Drawn(state["sessionId"], state["nonce"]))
            self.sessions.open()
        if name == "https.session.create-handle":
            (session_id,) = re.findall(rb'sessionId="([^"]+)"', request)
            session = self.sessions.find(session_id.decode())
            self.sessions.prove(session, session.nonce, b"c", Identity(b"0.NA/88.118.8", 300))


async def send(client, request):
    """Send the bytes of a request and return those of the answer."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_exchanges_of_the_lab_are_repeated(lab):
    rehearsal, found = Rehearsal(lab.clock), {}
    every = exchanges()
    requests = {name: request for name, request, _ in every}
    async with (
        lab.serve(plain_http=False) as plain,
        lab.serve(plain_http=True, sessions=rehearsal.sessions) as secure,
    ):
        for name, request, response in every:
            client = secure if name.startswith("https.") else plain
            if name in UNRECORDED:
                await send(client, requests[UNRECORDED[name]].replace(b"http.", b"web.", 1))
            rehearsal.prepare(name, request, response)
            differs = differences(response, await send(client, request))
            if differs:
                found[name] = differs
        assert found == {name: differs for name, (differs, _why) in DIFFERENT.items()}
    assert (len(every), len(every) - len(found)) == (103, 94)
