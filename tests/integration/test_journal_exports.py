"""Exports of the journal are read by others: HAR as JSON, lines as JSON, pcapng by tshark."""

import asyncio
import json
import os
import shutil
import subprocess

import aiohttp
import pytest

from idnode.clients import aio
from idnode.clients.answer import Transport
from idnode.clients.errors import ClientError
from idnode.node.addresses import url_of

NOTHING = "88.900.1/hallo"


async def refused_binary(node, transport, handle):
    async with aio.Client(node.addresses.handle_tcp, transport=transport) as client:
        with pytest.raises(ClientError):
            await client.resolve(handle)


async def test_exports(node, tmp_path):
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as http:
        await (await http.get(f"/api/handles/{NOTHING}")).read()
    async with aiohttp.ClientSession(url_of(node.addresses.admin)) as session:
        await exports(node, session, tmp_path)


async def exports(node, session, tmp_path):
    await refused_binary(node, Transport.UDP, NOTHING)
    await refused_binary(node, Transport.TCP, NOTHING)
    path = "/api/v1/journal/export"
    async with session.get(f"{path}/har", params={"handle": NOTHING}) as answer:
        archive = json.loads(await answer.read())
    assert archive["log"]["version"] == "1.2"
    assert archive["log"]["entries"][-1]["request"]["url"].endswith(NOTHING)
    assert archive["log"]["entries"][-1]["response"]["status"] == 404
    async with session.get(f"{path}/ndjson") as answer:
        lines = [json.loads(line) for line in (await answer.read()).splitlines()]
    assert {"handle_udp", "handle_tcp"} <= {line["face"] for line in lines}
    async with session.get(f"{path}/pcapng") as answer:
        file = tmp_path / "journal.pcapng"
        file.write_bytes(await answer.read())
    tool = shutil.which("tshark")
    if tool is None:
        assert not os.environ.get("REQUIRE_TOOLS"), "tshark is missing"
        pytest.skip("tshark is not here")
    shown = await asyncio.to_thread(_tshark, tool, file)
    assert shown.count("UDP") >= 2
    assert shown.count("TCP") >= 2 or shown.count("Handle") >= 2


def _tshark(tool, file):
    command = [
        tool,
        "-r",
        str(file),
        "-T",
        "fields",
        "-e",
        "_ws.col.Protocol",
        "-e",
        "frame.protocols",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return found.stdout.upper().replace("HANDLE", "Handle")
