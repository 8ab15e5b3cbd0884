"""Native answers keep these promises.

- Whatever bytes come: native code gives the very datagrams that the Python face gives, or leaves it to that face.
- Plain resolutions below a served prefix are not left to it, whatever handle, filters, flags and versions they name.
- Records that not everybody may read whole, damaged records, and prefixes that are not served are left to it.
- Answers given from a stream are those to its requests one by one; they are counted, and so are the prefixes.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import encode_response
from idnode.registry.handle.wire.resolution import Query, encode_query

NOW = 1_800_000_000

HANDLES = st.sampled_from(
    [
        *(b"88.900.1/hello", b"88.900.1/HELLO", b"88.900.1/two", b"88.900.1/Large", b"88.900.1/"),
        *("88.900.1/苏州".encode(), b"88.900.1/absent", b"88.900.1/a/b", b"88.900.1/" + b"h" * 300),
    ]
)
OTHER_HANDLES = st.sampled_from(
    [
        *(b"88.900.1/secret", b"88.900.1/bare", b"88.900/x", b"1.2/x", b"0.NA/88.900.1", b"0.NA/1"),
        *(b"88.900.1", b"", b"/", b"0", b"88.900.1/" + b"h" * 3000),
    ]
)
INDEXES = st.lists(st.sampled_from([0, 1, 2, 3, 100, -1]), max_size=4)
TYPES = st.lists(
    st.sampled_from([b"URL", b"url", b"url.", b"URL.CN", b"DESC.", b"FIELD3", b".", b"", b"HS_"]),
    max_size=4,
)
PLAIN_FLAGS = st.lists(
    st.sampled_from(
        [0x80000000, 0x10000000, 0x08000000, 0x04000000, 0x02000000, 0x01000000, 0x00400000, 1]
    ),
    max_size=4,
    unique=True,
).map(sum)
PLAIN_VERSIONS = st.sampled_from(
    [((2, 11), (2, 11)), ((2, 3), (2, 10)), ((2, 0), (0, 0)), ((2, 11), (3, 0)), ((2, 200), (0, 0))]
)
ODD_VERSIONS = st.tuples(
    st.tuples(st.integers(0, 6), st.integers(0, 20)),
    st.tuples(st.integers(0, 31), st.integers(0, 20)),
)
ANY = settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])


PARTS = (
    *("handle", "authorization", "op_code", "response_code", "flags", "recursion", "credential"),
    *("cut", "trailer", "version", "length", "envelope_flags", "session", "sequence", "bytes"),
)


@st.composite
def odd_requests(draw):
    """Return plain resolutions of which up to two parts are odd."""
    odd = draw(st.sets(st.sampled_from(PARTS), max_size=2))

    def part(name, plain, strange):
        return draw(strange if name in odd else plain)

    handle = part("handle", HANDLES, OTHER_HANDLES)
    authorization = part("authorization", st.sampled_from([None, b""]), st.just(b"token"))
    query = Query(handle, tuple(draw(INDEXES)), tuple(draw(TYPES)), authorization)
    message = encode_response(
        part("op_code", st.just(1), st.sampled_from([0, 2, 100, 999])),
        part("response_code", st.just(0), st.sampled_from([1, 100])),
        part("flags", PLAIN_FLAGS, st.integers(0, 0xFFFFFFFF)),
        draw(st.sampled_from([0, 7, 0xFFFF])),
        draw(st.sampled_from([0, NOW])),
        encode_query(query),
        recursion_count=part("recursion", st.just(0), st.sampled_from([1, 11])),
        credential=part("credential", st.just(b""), st.just(b"credential")),
    )
    message = message[: len(message) - part("cut", st.sampled_from([0, 4]), st.integers(1, 30))]
    message += part("trailer", st.just(b""), st.sampled_from([b"\0", b"\0\0\0\0", b"x" * 20]))
    version, suggested = part("version", PLAIN_VERSIONS, ODD_VERSIONS)
    envelope = Envelope(
        *(*version, part("envelope_flags", st.just(0), st.sampled_from([0x20, 0x40, 0x80]))),
        *(*suggested, part("session", st.just(0), st.just(9)), draw(st.integers(0, 0xFFFFFFFF))),
        part("sequence", st.just(0), st.just(1)),
        len(message) + part("length", st.just(0), st.sampled_from([1, -1, 1 << 20])),
    )
    wire = bytearray(envelope.encode() + message)
    change = st.tuples(st.integers(0, len(wire) - 1), st.integers(0, 255))
    for at, byte in part("bytes", st.just([]), st.lists(change, min_size=1, max_size=3)):
        wire[at] = byte
    return bytes(wire)


@ANY
@given(datagram=odd_requests(), mark_truncated=st.booleans())
def test_any_datagram_is_answered_as_by_the_python_face_or_left_to_it(
    native, house, in_python, datagram, mark_truncated
):
    answers = native.Answers(
        house.table, mark_truncated=mark_truncated, datagram_answer_max=1 << 20
    )
    answers.set_prefixes([b"88.900.1"])
    answers.set_site_serial(7)
    found = answers.answer(datagram, NOW)
    if found is not None:
        assert found == in_python(datagram, mark_truncated=mark_truncated)


@ANY
@given(
    handle=HANDLES,
    indexes=INDEXES,
    types=TYPES,
    flags=PLAIN_FLAGS,
    versions=PLAIN_VERSIONS,
)
def test_a_plain_resolution_is_not_left_to_the_python_face(
    answers, ask, in_python, handle, indexes, types, flags, versions
):
    version, suggested = versions
    options = {"flags": flags, "version": version, "suggested": suggested}
    datagram = ask(handle, indexes=tuple(indexes), types=tuple(types), **options)
    found = answers.answer(datagram, NOW)
    expected = in_python(datagram)
    nothing_matches = expected[0][24:28] == (200).to_bytes(4, "big")
    assert found == (None if nothing_matches else expected)


@ANY
@given(data=st.binary(max_size=700))
def test_any_bytes_are_left_alone_or_answered_as_in_python(answers, in_python, data):
    found = answers.answer(data, NOW)
    assert found is None or found == in_python(data)


@pytest.mark.parametrize(
    "handle", [b"88.900.1/secret", b"88.900.1/bare", b"88.900/x", b"0.NA/88.900.1", b"1.2/x", b"0"]
)
def test_what_is_not_plain_is_left_alone(answers, ask, handle):
    assert answers.answer(ask(handle), NOW) is None


def test_nothing_is_answered_before_prefixes_are_given(native, house, ask):
    assert native.Answers(house.table).answer(ask(b"88.900.1/hello"), NOW) is None


def test_prefixes_are_replaced_and_their_volume_is_kept(answers, ask):
    hello, absent = ask(b"88.900.1/hello"), ask(b"88.900.1/absent")
    answers.answer_stream(hello + absent + hello, NOW)
    answers.set_prefixes([b"88.900.2"])
    assert answers.answer(hello, NOW) is None
    assert answers.volume() == {b"88.900.1": (2, 1)}
    answers.set_prefixes([b"88.900.1", b"88.900.2"])
    answers.answer_stream(hello, NOW)
    assert answers.volume() == {b"88.900.1": (3, 1)}


@pytest.mark.parametrize("byte", [0, 4, 12, 16, 18, 25, 60])
def test_a_damaged_record_is_left_alone(core, native, house, ask, byte):
    log = bytearray(house.log)
    place = house.places[b"88.900.1/HELLO"]
    log[(place & (1 << 27) - 1) * 8 + byte] ^= 1
    segments = core.SegmentView()
    segments(1, bytes(log))
    table = core.SlotTable(bytes(range(16)), segments)
    table.put(b"88.900.1/OTHER", house.places[b"88.900.1/TWO"])  # so that the table is not empty
    for key, at in house.places.items():
        table.put(key, at)
    answers = native.Answers(table)
    answers.set_prefixes([b"88.900.1"])
    assert answers.answer(ask(b"88.900.1/hello"), NOW) is None


@given(
    handles=st.lists(HANDLES, max_size=8),
    rest=st.sampled_from([b"", b"\n", b"\x02", b"\x09" * 40]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stream_is_answered_request_by_request(answers, ask, handles, rest):
    requests = [ask(handle) for handle in handles]
    whole, used, _incomplete = answers.answer_stream(b"".join(requests) + rest, NOW)
    expected = [answers.answer_stream(each, NOW)[0] for each in requests]
    assert whole == b"".join(expected)
    assert used == sum(map(len, requests))


def test_the_start_of_a_plain_request_is_told_from_what_can_never_be_one(answers, ask):
    whole = ask(b"88.900.1/hello")
    for size in range(1, len(whole)):
        assert answers.answer_stream(whole[:size], NOW) == (b"", 0, True)
    assert answers.answer_stream(b"GET / HTTP/1.1\r\n", NOW) == (b"", 0, False)
    assert answers.answer_stream(b"", NOW) == (b"", 0, False)
    long = whole[:16] + (5000).to_bytes(4, "big") + whole[20:]
    assert answers.answer_stream(long, NOW) == (b"", 0, False)


def test_each_answer_of_a_stream_is_timed(answers, ask):
    answers.answer_stream(ask(b"88.900.1/hello") * 3, NOW)
    buckets, seconds = answers.timings()
    assert sum(buckets) == 3
    assert len(buckets) == 3
    assert seconds > 0
