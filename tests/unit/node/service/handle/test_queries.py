"""Resolution and get-site-info over the binary protocol, with the traps of handle-protocol.md §5.1."""

import pytest

from idnode.node.service.handle.connection import Connection
from idnode.registry.handle.wire.message import decode_message
from idnode.registry.handle.wire.referral import decode_referral
from idnode.registry.handle.wire.resolution import Query, decode_answer, encode_query

CONNECTION = Connection(("192.0.2.1", 9), stream=True, now=1000)


@pytest.fixture
def ask(service, wire):
    """Return a function that asks and returns the answer's message."""

    def ask(op_code, body, flags=0x19000000):
        data = wire.message(op_code, body, flags)
        replies = []
        service.dispatch(decode_message(data), wire.envelope(len(data)), CONNECTION, replies.append)
        ((_, message),) = wire.answers(replies[0].wire)
        return message

    return ask


@pytest.fixture
def resolve(ask):
    return lambda handle, flags=0x19000000, **filters: ask(
        1, encode_query(Query(handle, **filters)), flags
    )


async def test_the_answer_repeats_the_handle_as_asked(resolve, put, packed):
    await put(b"88.900.1/Cup", (1, b"URL", b"x"))
    answer = resolve(b"88.900.1/cUP")
    assert answer.response_code == 1
    assert decode_answer(answer.body) == (b"88.900.1/cUP", packed((1, b"URL", b"x")))


async def test_chinese_handles_resolve(resolve, put):
    await put("88.900.1/苏州茶杯".encode(), (1, b"URL", b"x"))
    assert resolve("88.900.1/苏州茶杯".encode()).response_code == 1


async def test_without_the_public_only_flag_restricted_values_are_challenged(resolve, put):
    await put(b"88.900.1/cup", (1, b"URL", b"x"), (301, b"HS_SECKEY", b"hidden", 0x0C))
    assert resolve(b"88.900.1/cup", flags=0).response_code == 402
    assert resolve(b"88.900.1/cup", flags=0, indexes=(301,)).response_code == 402
    assert resolve(b"88.900.1/cup", flags=0, indexes=(1,)).response_code == 1
    assert resolve(b"88.900.1/cup", indexes=(301,)).response_code == 200


async def test_id_sdk_cannot_answer_challenges_and_gets_what_everybody_may_read(talk, put):
    await put(b"88.900.1/cup", (1, b"URL", b"x"), (301, b"HS_SECKEY", b"hidden", 0x0C))
    id_sdk = {"version": (2, 3), "suggested": (2, 10)}
    _, answer = await talk.ask(1, encode_query(Query(b"88.900.1/cup")), 0, **id_sdk)
    assert answer.response_code == 1
    assert b"hidden" not in answer.body
    body = encode_query(Query(b"88.900.1/cup", indexes=(301,)))
    assert (await talk.ask(1, body, 0, **id_sdk))[1].response_code == 200


async def test_the_status_handle_is_there_for_administrators_only(talk):
    body = encode_query(Query(b"0.SITE/status"))
    assert (await talk.ask(1, body))[1].response_code == 200
    assert (await talk.ask(1, body, 0x18000000))[1].response_code == 402


async def test_bytes_behind_the_known_fields_are_ignored(ask, put):
    await put(b"88.900.1/cup", (1, b"URL", b"x"))
    body = encode_query(Query(b"88.900.1/cup")) + b"\0\0\0\0"
    assert ask(1, body).response_code == 1
    assert ask(1, body + b"\0\0\0\x05ey").response_code == 1


@pytest.mark.parametrize(
    ("handle", "code"),
    [
        (b"88.900.1/none", 100),
        (b"10.1/x", 301),
        (b"0", 301),
        (b"", 301),
        (b"88.900.1/\xff\xfe", 100),
        (b"88.900.1/" + b"x" * 4090, 102),
    ],
)
async def test_each_kind_of_absence_has_its_code(resolve, handle, code):
    assert resolve(handle).response_code == code


async def test_an_empty_body_asks_for_the_empty_handle(ask):
    assert ask(1, b"").response_code == 301


@pytest.mark.parametrize(
    "body",
    [
        b"\0\0\0\x05abc" + bytes(8),
        b"\xff\xff\xff\xff" + bytes(8),
        b"\0\0\0\x01a" + b"\x7f\xff\xff\xff" + bytes(4),
        b"\0\0\0\x01a" + bytes(4) + b"\xff\xff\xff\xff",
    ],
)
async def test_truncated_negative_and_huge_lengths_are_protocol_errors(ask, body):
    assert ask(1, body).response_code == 4


async def test_a_derived_prefix_is_referred_unless_the_flag_forbids_it(resolve, put, packed):
    await put(b"0.NA/88.900", (100, b"HS_ADMIN", b"x"), (2, b"HS_SITE.PREFIX", b"there"))
    answer = resolve(b"0.NA/88.900.7")
    assert answer.response_code == 303
    assert decode_referral(answer.body).values == packed((2, b"HS_SITE.PREFIX", b"there"))
    assert resolve(b"0.NA/88.900.7", flags=0x19100000).response_code == 100


async def test_the_largest_record_still_fits_with_digest_and_signature(service, talk, put):
    service.responses.signing_key = service.site.signing_key
    await put(b"88.900.1/big", (1, b"DESC", b"x" * 255_900))
    _, answer = await talk.ask(1, encode_query(Query(b"88.900.1/big")), 0x59800000)
    assert answer.response_code == 1
    assert answer.credential


async def test_site_info_is_the_record_itself(service, ask):
    answer = ask(2, b"\0\0\0\x01/")
    assert answer.response_code == 1
    assert answer.body == service.site.site


async def test_a_node_that_does_not_know_its_addresses_yet_is_busy(service, wire):
    service.queries.site = b""
    data = wire.message(2)
    replies = []
    service.dispatch(decode_message(data), wire.envelope(len(data)), CONNECTION, replies.append)
    assert replies[0].response_code == 3
