"""Promises of errors, answers, cache and printing.

* Each response code of the protocol but success has its error class; unknown ones have one too.
* Reading any body raises nothing but `MalformedAnswer`; a digest of the request is skipped; referrals are read.
* The cache keeps what TTLs allow and no longer, the shortest value deciding; it is bounded, least used first.
* Printing shows what came, explains HS_ADMIN, HS_VLIST and HS_SITE, hides secrets, and never prints a control
  character of a peer; JSON is JSON.
* `clients` and `idnode.clients.blocking` load neither aiohttp nor uvloop nor asyncio's client.
"""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.clients.answer import Answer, Question, Transport
from idnode.clients.cache import AnswerCache
from idnode.clients.dig import format_answer, format_json, readable_data
from idnode.clients.errors import (
    ERROR_OF_CODE,
    HandleNotFound,
    MalformedAnswer,
    Referral,
    Refused,
    UnknownRefusal,
    error_for,
)
from idnode.clients.replies import read_answer, read_site
from idnode.clients.request import ServerReply
from idnode.registry.handle.limits import TTL_SECONDS_MAX
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.printing import printable
from idnode.registry.handle.types.hs_admin import AdminValue, encode_admin
from idnode.registry.handle.types.hs_site import Interface, Server, Site, encode_site, pack_address
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist
from idnode.registry.handle.values import pack
from idnode.registry.handle.wire.constants import OpFlag, ResponseCode
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import Message
from idnode.registry.handle.wire.resolution import encode_answer

CUP = Question(b"88.900.1/cup")
VALUE = HandleValue(1, "URL", b"https://example.org/cup")
ANSWER = Answer(b"88.900.1/cup", (VALUE,), transport=Transport.TCP, server="127.0.0.1:2641")


def reply_of(body, *, code=1, op_flags=0, op_code=1) -> ServerReply:
    message = Message(op_code, code, op_flags, 1, 0, 2_000_000_000, body)
    envelope = Envelope(2, 11, 0, 2, 11, 0, 5, 0, 24 + len(body))
    return ServerReply(5, envelope, [message], Transport.UDP, 0.001, 48 + len(body), 1)


@pytest.mark.parametrize("code", [c for c in ResponseCode if c < 600 and c != ResponseCode.SUCCESS])
def test_each_code_has_its_class(code):
    error = error_for(code, "why")
    assert type(error) is ERROR_OF_CODE[code]
    assert isinstance(error, Refused)
    assert error.response_code == code
    assert "why" in str(error)


def test_unknown_codes_have_a_class():
    assert type(error_for(4711)) is UnknownRefusal
    assert "4711" in str(error_for(4711))


def test_an_answer_behind_a_digest_is_read():
    body = b"\x02" + bytes(20) + encode_answer(b"88.900.1/cup", pack([VALUE]))
    assert read_answer(CUP, reply_of(body, op_flags=OpFlag.REQUEST_DIGEST), "s").values == (VALUE,)


@pytest.mark.parametrize("code", [302, 303])
def test_a_referral_carries_handle_and_values(code):
    body = encode_answer(b"0.NA/88", pack([VALUE]))
    answer = read_answer(CUP, reply_of(body, code=code), "s")
    assert (answer.referral, answer.values) == (b"0.NA/88", (VALUE,))
    with pytest.raises(Referral) as raised:
        answer.checked()
    assert raised.value.answer is answer


def test_an_answer_of_another_operation_is_malformed():
    with pytest.raises(MalformedAnswer):
        read_answer(CUP, reply_of(encode_answer(b"x/y", pack([])), op_code=2), "s")


@given(
    body=st.binary(max_size=120),
    code=st.sampled_from([1, 2, 100, 302, 303, 402, 999]),
    op_flags=st.sampled_from([0, OpFlag.REQUEST_DIGEST]),
)
def test_any_body_is_an_answer_or_malformed(body, code, op_flags):
    reply = reply_of(body, code=code, op_flags=op_flags)
    with suppress(MalformedAnswer):
        read_answer(CUP, reply, "s")
    with suppress(MalformedAnswer, Refused):
        read_site(reply)


def answer_with(*values):
    return replace(ANSWER, values=values)


def test_the_cache_keeps_an_answer_as_long_as_its_shortest_value():
    cache = AnswerCache()
    cache.put(CUP, answer_with(replace(VALUE, ttl=10), replace(VALUE, index=2, ttl=99)), 1000.0)
    kept = cache.get(Question(b"88.900.1/CUP"), 1009.9)
    assert kept.from_cache
    assert kept.handle == b"88.900.1/CUP"
    assert cache.get(CUP, 1010.0) is None
    assert len(cache) == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (replace(VALUE, ttl=10**8), TTL_SECONDS_MAX),
        (replace(VALUE, ttl=1500, ttl_type=1), 500),
    ],
)
def test_long_and_absolute_ttls_are_bounded(value, seconds):
    cache = AnswerCache()
    cache.put(CUP, answer_with(value), 1000.0)
    assert cache.get(CUP, 1000.0 + seconds - 1) is not None
    assert cache.get(CUP, 1000.0 + seconds) is None


@pytest.mark.parametrize(
    "answer",
    [
        answer_with(replace(VALUE, ttl=0)),
        answer_with(replace(VALUE, ttl=-5)),
        answer_with(replace(VALUE, ttl=10, ttl_type=1)),
        replace(ANSWER, response_code=100),
        answer_with(),
    ],
)
def test_what_may_not_be_kept_is_not_kept(answer):
    cache = AnswerCache()
    cache.put(CUP, answer, 1000.0)
    assert len(cache) == 0


def test_other_filters_are_other_questions_and_a_handle_is_forgotten_whole():
    cache = AnswerCache()
    cache.put(CUP, ANSWER, 0.0)
    cache.put(replace(CUP, types=(b"URL",)), ANSWER, 0.0)
    assert cache.get(replace(CUP, types=(b"url",)), 1.0)
    assert cache.get(replace(CUP, indexes=(1,)), 1.0) is None
    cache.forget(b"88.900.1/cUp")
    assert len(cache) == 0


def test_a_full_cache_drops_the_least_recently_used():
    cache = AnswerCache(2)
    for name in (b"x/1", b"x/2"):
        cache.put(Question(name), ANSWER, 0.0)
    cache.get(Question(b"x/1"), 1.0)
    cache.put(Question(b"x/3"), ANSWER, 1.0)
    assert cache.get(Question(b"x/2"), 1.0) is None
    assert cache.get(Question(b"x/1"), 1.0)


def test_text_shows_codes_flags_values_and_how_it_came():
    answer = replace(
        ANSWER, op_flags=OpFlag.AUTHORITATIVE | 8, request_id=7, version=(2, 11), site_serial=1,
        expiration=0, message_bytes=90, packets=3, seconds=0.0012,
    )  # fmt: skip
    text = format_answer(CUP, answer, now=0)
    for part in (
        "opcode: resolution (1), response: success (1), id: 7",
        "flags: auth 0x00000008; version: 2.11; site serial: 1; values: 1",
        '1  86400  URL  1110  "https://example.org/cup"',
        "1.20 ms",
        "127.0.0.1:2641 (TCP)",
        "90 in 3 packets",
        "1970-01-01T00:00:00Z",
    ):
        assert part in text
    found = json.loads(format_json(answer))
    assert found["values"][0]["data"] == {"format": "string", "value": "https://example.org/cup"}


@pytest.mark.parametrize(
    ("value_type", "data", "shown"),
    [
        ("HS_ADMIN", encode_admin(AdminValue(0xFFF, b"0.NA/x", 301)), "301:0.NA/x [111111111111] all rights"),
        ("HS_ADMIN", encode_admin(AdminValue(0x801, b"0.NA/x", 0)), "0:0.NA/x [100000000001] add_handle list_handles"),
        ("HS_VLIST", encode_vlist([Member(b"a/b", 1), Member(b"c/d", 2)]), "1:a/b, 2:c/d"),
        (
            "HS_SITE",
            encode_site(Site(4, (Server(1, pack_address("127.0.0.1"), b"", (Interface(),)),))),
            "primary serial 4 v2.11; server 1 at 127.0.0.1: tcp/2641(query+admin)",
        ),
        ("HS_SECKEY", b"hush", "(secret of 4 bytes)"),
        ("HS_ADMIN", b"\xff", "\\# 1 ff"),
        ("DESC", "齿轮".encode(), '"齿轮"'),
        ("DESC", b"\x1b[2J\n", '"\\x1b[2J\\n"'),
    ],
)  # fmt: skip
def test_data_is_readable(value_type, data, shown):
    assert readable_data(HandleValue(1, value_type, data)) == shown


@given(st.text())
def test_printable_text_stays_on_its_line(text):
    assert printable(text).isprintable()


@given(
    message=st.text(),
    value_type=st.text(min_size=1, max_size=20).filter(lambda t: t.isascii()),
    data=st.binary(max_size=60),
    code=st.integers(1, 5000),
)
def test_any_answer_prints_without_control_characters(message, value_type, data, code):
    answer = replace(
        ANSWER, message=message, response_code=code, values=(HandleValue(1, value_type, data),)
    )
    text = format_answer(CUP, answer, now=0)
    assert all(line.replace("\t", "").isprintable() for line in text.split("\n"))
    json.loads(format_json(answer))


@pytest.mark.parametrize(
    "module",
    ["clients", "idnode.clients.blocking", "idnode.clients.dig", "idnode.clients.web_blocking"],
)
def test_light_modules_load_no_http_library_and_no_loop(module):
    code = f"import sys, {module}; print(sorted({{'aiohttp', 'uvloop', 'asyncio'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_blocking_client_yields_to_other_greenlets_under_gevent():
    pytest.importorskip("gevent")
    code = """
from gevent import monkey; monkey.patch_all()
import gevent, socket
from idnode.clients.blocking import Client
from idnode.clients.errors import NotAnswered
from idnode.clients.request import Schedule
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); silent.bind(("127.0.0.1", 0))
under_way, most = 0, 0
def ask():
    global under_way, most
    under_way += 1; most = max(most, under_way)
    try:
        with Client(silent.getsockname(), schedule=Schedule((0.0,), 0.05, 0.05)) as client:
            client.resolve("x/y")
    except NotAnswered:
        under_way -= 1
gevent.joinall([gevent.spawn(ask) for _ in range(10)], raise_error=True)
print(most, under_way)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["10", "0"], done.stderr


def test_the_not_found_class_is_what_resolving_raises():
    with pytest.raises(HandleNotFound):
        replace(ANSWER, response_code=100).checked()
