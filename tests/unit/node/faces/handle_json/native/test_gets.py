"""Native answers to plain GETs keep these promises.

- Whatever record there is, native code answers a plain GET of it byte for byte as Python does, or leaves it to Python.
- Records of plain values and administrators are not left to it, however the handle is spelled.
- What is not found, not for everybody, damaged, or below a prefix that is not served is left to it, and so is every
  request with a query, another method or version, a host that is not admitted, or a header that might matter.
- Plain GETs that come together are answered and counted, up to the first that is left; with anything else among them
  all are left.
- No type of the protocol has a form of its own unless it begins as native code expects.
"""

from email.utils import formatdate
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.node.faces.handle_json.record_response import RecordResponse
from idnode.node.faces.http.values_json import record_body
from idnode.registry.embedded.storage.record import PUT, RESTRICTED, encode
from idnode.registry.handle import values
from idnode.registry.handle.types.table import TYPES

NOW = 1_700_000_000
LOG_SLOT = 1
SPAN_BITS = 27
HANDLE = "88.900.1/Größe 苏州".encode()
HOSTS = (b"localhost", b"127.0.0.1", b"[::1]", b"node.test")
HEAD = b" HTTP/1.1\r\nHost: localhost:8000\r\n"

ANY = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
SMALL = st.integers(-(1 << 31), (1 << 31) - 1)
PLAIN_TYPES = st.sampled_from(
    ["URL", "url.cn", "DESC", "", "H", "hs", "HSX", "型号", "a\x00b\n", '"\\', "x" * 300]
)
ODD_TYPES = st.sampled_from(
    [
        *(b"HS_SITE", b"hs_site.prefix", b"HS_VLIST", b"HS_PUBKEY", b"HS_SECKEY", b"HS_ADMINX"),
        *(
            b"HS_",
            b"\xff",
            "Hſ_ADMIN".encode(),
            "é".encode(),
            "HS_ADMIN.é".encode(),
            b"\xed\xa0\x80",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode(errors="replace")),
    st.sampled_from([b"", b"\x7f", b'"' * 9, b"\\", b"tab\tline\n\r", b"https://example.org/?a=b"]),
    st.text('a"\\\n\u00e9\U0001f600\ud7ff', min_size=7, max_size=20).map(str.encode),
)
BINARY = st.one_of(st.binary(max_size=40), st.sampled_from([b"\x00", b"a\x1f" * 9, b"\xc0\x80"]))


def admin(handle, index=200, permissions=0x0FFF, behind=b""):
    """Return the data of an administrator."""
    return (
        b"".join(
            [
                permissions.to_bytes(2),
                len(handle).to_bytes(4),
                handle,
                index.to_bytes(4, signed=True),
            ]
        )
        + behind
    )


ADMINS = st.builds(
    admin, TEXTS, SMALL, st.integers(0, 0xFFFF), st.sampled_from([b"", b"", b"\0\0"])
)
REFERENCES = st.lists(st.tuples(TEXTS, SMALL), max_size=3).map(
    lambda found: (
        len(found).to_bytes(4)
        + b"".join(len(h).to_bytes(4) + h + i.to_bytes(4, signed=True) for h, i in found)
    )
)


def packed_values(kinds, data, references=REFERENCES):
    """Return values of these types with this data."""
    return st.builds(
        values.pack_value,
        SMALL,
        kinds,
        data,
        timestamp=st.sampled_from([0, 1, NOW, 951_782_400, 0xFFFFFFFF])
        | st.integers(0, 0xFFFFFFFF),
        ttl=st.sampled_from([86_400, 0, -1]) | SMALL,
        ttl_type=st.sampled_from([0, 0, 1, 2, 255]),
        permissions=st.sampled_from([0x0E, 0x0F, 0, 255]),
        references=references,
    )


PLAIN = packed_values(PLAIN_TYPES.map(str.encode), TEXTS | BINARY) | packed_values(
    st.sampled_from([b"HS_ADMIN", b"hs_admin", b"HS_ADMIN.X"]), ADMINS
)
ODD = (
    packed_values(ODD_TYPES, TEXTS | ADMINS)
    | packed_values(st.just(b"HS_ADMIN"), TEXTS | BINARY)
    | packed_values(st.just(b"URL"), TEXTS, st.just(b"\0\0\0\1\0\0\0\1\xff\0\0\0\1"))
)


@pytest.fixture(scope="session")
def gets():
    """Return a function that answers GETs for one record: its stored bytes below 88.900.1."""
    core = pytest.importorskip(
        "idnode.registry.embedded.native.core", reason="the compiled core is not built"
    )
    native = pytest.importorskip("idnode.node.faces.handle_json.native.gets")

    def over(packed, handle=HANDLE, flags=0, *, damaged=False):
        log = bytearray(64) + encode(1, PUT, flags, handle, packed)
        if damaged:
            log[-20] ^= 1
        segments = core.SegmentView()
        segments(LOG_SLOT, bytes(log))
        table = core.SlotTable(bytes(range(16)), segments)
        table.put(handle.upper(), LOG_SLOT << SPAN_BITS | 64 // 8)
        made = native.PlainGets(table, (1e-3, 1.0))
        made.set_prefixes([b"88.900.1"])
        made.admit(HOSTS)
        return made

    return over


def get(handle, *headers, quoted=True):
    """Return a plain request."""
    path = quote_from_bytes(handle, safe="/").encode() if quoted else handle
    lines = [b"GET /api/handles/" + path + b" HTTP/1.1", b"Host: localhost:8000", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def in_python(handle, packed, now=NOW):
    """Return the answer that aiohttp sends."""
    date = formatdate(now, usegmt=True).encode()
    return RecordResponse(record_body(handle.decode(), packed), date)._bytes


@ANY
@given(st.lists(PLAIN, min_size=1, max_size=4).map(values.join))
def test_a_plain_record_is_answered_as_in_python(gets, packed):
    answers, used = gets(packed).answer_gets(get(HANDLE), NOW)
    assert answers == in_python(HANDLE, packed)
    assert used == len(get(HANDLE))


@ANY
@given(st.lists(PLAIN | ODD, min_size=1, max_size=4).map(values.join))
def test_any_record_is_answered_as_in_python_or_left_to_it(gets, packed):
    answers, used = gets(packed).answer_gets(get(HANDLE), NOW)
    assert (answers == in_python(HANDLE, packed)) if used else not answers


SOME = values.join([values.pack_value(1, b"URL", b"https://example.org/", timestamp=5)])
SUFFIXES = st.text(max_size=30).map(lambda text: text.encode(errors="replace")) | st.binary(
    max_size=12
)


@ANY
@given(SUFFIXES, st.booleans())
def test_a_handle_is_shown_as_it_was_asked_for(gets, suffix, swapped):
    packed, handle = SOME, b"88.900.1/" + suffix
    spelled = handle.swapcase() if swapped else handle  # of bytes: ASCII letters alone
    answers, used = gets(packed, handle).answer_gets(get(spelled), NOW)
    try:
        spelled.decode()
    except UnicodeDecodeError:
        assert not used
    else:
        assert answers == in_python(spelled, packed)


@ANY
@given(st.integers(0, 253402300799))
def test_every_moment_has_its_date(gets, now):
    assert gets(SOME).answer_gets(get(HANDLE), now)[0] == in_python(HANDLE, SOME, now)


@ANY
@given(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(0, 0xFFFFFFFF))
def test_every_time_is_shown_as_in_python(gets, ttl, timestamp):
    value = values.pack_value(1, b"U", b"x", timestamp=timestamp, ttl=ttl, ttl_type=1)
    packed = values.join([value])
    assert gets(packed).answer_gets(get(HANDLE), NOW)[0] == in_python(HANDLE, packed)


def test_a_long_record_is_answered_and_a_longer_one_is_left(gets):
    long, longer = (
        values.join([values.pack_value(n, b"D", b"\x0b" * 6000, timestamp=5) for n in range(count)])
        for count in (10, 11)
    )
    assert gets(long).answer_gets(get(HANDLE), NOW)[0] == in_python(HANDLE, long)
    assert gets(longer).answer_gets(get(HANDLE), NOW) == (b"", 0)


@pytest.mark.parametrize(
    "packed", [b"", b"\0\0\0\2" + SOME[4:], SOME + b"x", SOME[:-5], b"\0\0\0\0"], ids=repr
)
def test_what_is_no_list_of_values_is_left(gets, packed):
    assert gets(packed).answer_gets(get(HANDLE), NOW) == (b"", 0)


def test_what_is_not_for_everybody_or_damaged_is_left(gets):
    assert gets(SOME, flags=RESTRICTED).answer_gets(get(HANDLE), NOW) == (b"", 0)
    assert gets(SOME, damaged=True).answer_gets(get(HANDLE), NOW) == (b"", 0)


@pytest.mark.parametrize(
    "handle",
    [b"88.900.1/none", b"88.900/x", b"0.NA/88.900.1", b"88.900.1", b"/", b"/x", b"h" * 4000],
)
def test_what_is_not_found_or_not_served_is_left(gets, handle):
    assert gets(SOME).answer_gets(get(handle), NOW) == (b"", 0)


@pytest.mark.parametrize(
    "header",
    [
        *(
            b"User-Agent: wrk/4.1",
            b"accept: */*",
            b"ACCEPT-ENCODING: gzip, br",
            b"Connection: Keep-Alive",
        ),
        *(b"Referer:http://localhost/\x21", b"Pragma:", b"X-Forwarded-For: 10.0.0.1, 10.0.0.2"),
    ],
)
def test_headers_that_change_nothing_are_plain(gets, header):
    request = get(HANDLE, header)
    assert gets(SOME).answer_gets(request, NOW) == (in_python(HANDLE, SOME), len(request))


@pytest.mark.parametrize(
    "header",
    [
        *(
            b"Origin: http://a.test",
            b"Authorization: Basic YTpi",
            b"Cookie: a=b",
            b"Expect: 100-continue",
        ),
        *(
            b"X-Request-Id: 7",
            b"X-Idnode-Fault: x",
            b"Content-Length: 0",
            b"Transfer-Encoding: chunked",
        ),
        *(
            b"Connection: close",
            b"Connection: upgrade",
            b"Upgrade: h2c",
            b"Range: bytes=0-1",
            b"Host: localhost",
        ),
        *(
            b"Accept : */*",
            b" Accept: */*",
            b"Accept: a\r\n b",
            b"Accept: a\xff",
            b"Accept: a\x00",
            b"A\tb: c",
        ),
        *(
            b"Accept: a\nPragma: b",
            b"Accept: a\rPragma: b",
            b": x",
            b"x",
            b"If-None-Match: 1",
            b"TE: x",
        ),
    ],
)
def test_other_headers_are_left(gets, header):
    assert gets(SOME).answer_gets(get(HANDLE, header), NOW) == (b"", 0)


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        *((b"localhost", True), (b"LOCALHOST:1", True), (b"[::1]:80", True), (b"node.test", True)),
        *((b"127.0.0.1:8000", True), (b"127.0.0.1:", False), (b"evil.test", False), (b"", False)),
        *(
            (b"localhost:x", False),
            (b":80", False),
            (b"8", False),
            (b"localhost, localhost", False),
        ),
    ],
)
def test_hosts_are_looked_at(gets, host, admitted):
    request = get(HANDLE).replace(b"localhost:8000", host)
    native = gets(SOME)
    assert bool(native.answer_gets(request, NOW)[1]) == admitted
    native.admit(None)
    plain = host not in {b"", b"localhost, localhost"}
    assert bool(native.answer_gets(request, NOW)[1]) == plain


@pytest.mark.parametrize(
    ("part", "other"),
    [
        *((b"GET", b"HEAD"), (b"GET", b"get"), (b"GET", b"\r\nGET"), (b"HTTP/1.1", b"HTTP/1.0")),
        *(
            (b" HTTP", b"?index=1 HTTP"),
            (b" HTTP", b"? HTTP"),
            (b" HTTP", b"#x HTTP"),
            (b" HTTP", b"  HTTP"),
        ),
        *(
            (b" HTTP", b"% HTTP"),
            (b" HTTP", b"%4 HTTP"),
            (b" HTTP", b"%zz HTTP"),
            (b" HTTP", b"\xff HTTP"),
        ),
        *((b"\r\n\r\n", b"\n\n"), (b"\r\n\r\n", b"\r\n"), (b"Host: localhost:8000\r\n", b"")),
        *((b"/api", b"http://localhost/api"), (b"handles/", b"handles?"), (b"1/", b"1\\")),
    ],
)
def test_other_requests_are_left(gets, part, other):
    request = get(HANDLE).replace(part, other, 1)
    assert gets(SOME).answer_gets(request, NOW) == (b"", 0)


@ANY
@given(st.binary(max_size=30), st.integers(0, 300))
def test_no_bytes_do_harm(gets, noise, at):
    request = get(HANDLE, b"Accept: */*")
    mixed = request[:at] + noise + request[at:]
    answers, used = gets(SOME).answer_gets(mixed, NOW)
    assert not used or mixed[:used].startswith(b"GET /api/handles/")
    assert bool(answers) == bool(used)


def test_those_in_front_are_answered_and_counted(gets):
    one = get(HANDLE)
    native = gets(SOME)
    wanted = in_python(HANDLE, SOME)
    assert native.answer_gets(one * 3, NOW) == (wanted * 3, 3 * len(one))
    assert native.answer_gets(one * 3 + one[:-1], NOW) == (b"", 0)
    assert native.answer_gets(one + get(HANDLE, b"Origin: x") + one, NOW) == (b"", 0)
    assert native.answer_gets(one + get(b"88.900.1/none") + one, NOW) == (wanted, len(one))
    assert native.answer_gets(b"", NOW) == (b"", 0)
    assert native.volume() == {b"88.900.1": (4, 0)}
    assert sum(native.timings()[0]) == 4
    native.set_prefixes([])
    assert native.answer_gets(one, NOW) == (b"", 0)
    assert native.volume() == {b"88.900.1": (4, 0)}


def test_types_with_a_form_begin_as_native_code_expects():
    assert all(name.startswith("HS_") for name in TYPES.rows)
