"""Answers: flags, version, digest, expiration, size and signature as handle-protocol.md §1.5, §2 and §5 say."""

import hashlib
import logging

import pytest

from idnode.node.service.errors import (
    AnswerTooLarge,
    NotResponsible,
    OperationNotSupported,
    PrefixReferral,
)
from idnode.node.service.handle.connection import Connection
from idnode.node.service.handle.response import Responses, asked_prefix
from idnode.registry.errors import HandleNotFound
from idnode.registry.handle.errors import InvalidValue
from idnode.registry.handle.wire.constants import MESSAGE_BYTES_MAX, OpFlag
from idnode.registry.handle.wire.failure import decode_failure
from idnode.registry.handle.wire.message import decode_message
from idnode.registry.handle.wire.referral import decode_referral

CONNECTION = Connection(("192.0.2.1", 9), stream=True, now=1000)


@pytest.fixture
def answer(wire):
    """Return a function that has a request answered with success and takes the answer apart."""

    def answer(flags=0x19000000, body=b"body", responses=None, **fields):
        data = wire.message(1, b"question", flags)
        envelope = wire.envelope(len(data), **fields)
        reply = (responses or Responses(site_serial=3)).success(
            decode_message(data), envelope, CONNECTION, body, "resolve", b"88.900"
        )
        ((out, message),) = wire.answers(reply.wire)
        return out, message

    return answer


def test_flags_are_echoed_with_the_authority_bit(answer):
    _, message = answer(0x19000002)
    assert message.op_flags == 0x99000002


def test_continuation_and_overwrite_are_not_echoed(answer):
    _, message = answer(OpFlag.CONTINUOUS | OpFlag.OVERWRITE | OpFlag.KEEP_ALIVE)
    assert message.op_flags == OpFlag.AUTHORITATIVE | OpFlag.KEEP_ALIVE


def test_an_answer_expires_twelve_hours_after_its_request_and_carries_the_sites_serial(answer):
    envelope, message = answer()
    assert message.expiration == 1000 + 43_200
    assert message.site_serial == 3
    assert message.recursion_count == 0
    assert envelope.request_id == 7
    assert envelope.sequence == 0
    assert envelope.flags == 0


@pytest.mark.parametrize(
    ("version", "suggested", "answered"),
    [
        ((2, 3), (2, 11), (2, 11)),
        ((2, 1), (2, 1), (2, 1)),
        ((2, 10), (2, 10), (2, 10)),
        ((2, 10), (2, 11), (2, 11)),
        ((2, 0), (0, 0), (2, 0)),
        ((3, 0), (3, 0), (2, 11)),
        ((2, 11), (3, 11), (2, 11)),
        ((1, 0), (1, 11), (1, 11)),
    ],
)
def test_the_answers_version_is_the_highest_that_both_sides_know(
    answer, version, suggested, answered
):
    envelope, _ = answer(version=version, suggested=suggested)
    assert (envelope.major, envelope.minor) == answered
    assert (envelope.suggested_major, envelope.suggested_minor) == (2, 11)


@pytest.mark.parametrize(
    ("version", "algorithm", "name"), [((2, 11), 3, "sha256"), ((2, 6), 2, "sha1")]
)
def test_a_digest_of_the_request_stands_in_front_when_it_was_asked(
    answer, wire, version, algorithm, name
):
    flags = 0x19800000
    _, message = answer(flags, version=version, suggested=version)
    digest = hashlib.new(name, wire.message(1, b"question", flags)[:-4]).digest()
    assert message.op_flags & OpFlag.REQUEST_DIGEST
    assert message.body == bytes([algorithm]) + digest + b"body"


def test_an_answer_larger_than_clients_can_read_is_refused(answer):
    with pytest.raises(AnswerTooLarge):
        answer(body=bytes(MESSAGE_BYTES_MAX))


@pytest.fixture
def refusal(wire):
    """Return a function that has a request answered with an error and takes the answer apart."""

    def refusal(error, responses=None, *, decoded=True, **fields):
        data = wire.message(1, b"\0\0\0\x08" + b"88.900/x" + bytes(8))
        envelope = wire.envelope(len(data), **fields)
        message = decode_message(data) if decoded else None
        reply = (responses or Responses()).failure(error, envelope, CONNECTION, message)
        return reply, wire.answers(reply.wire)[0][1]

    return refusal


def test_an_error_is_answered_by_its_code_and_text(refusal):
    reply, message = refusal(OperationNotSupported("no such thing"))
    assert message.response_code == reply.response_code == 5
    assert decode_failure(message.body) == "no such thing"
    assert (reply.operation, reply.prefix) == ("resolve", b"88.900")


def test_an_error_without_a_text_still_sends_its_length(refusal):
    _, message = refusal(HandleNotFound("88.900/x"))
    assert (message.response_code, message.body) == (100, bytes(4))


def test_an_undecodable_request_is_answered_as_operation_zero(refusal):
    reply, message = refusal(OperationNotSupported("x"), decoded=False)
    assert message.op_code == 0
    assert (reply.operation, reply.prefix) == ("other", b"")


def test_a_referral_carries_an_empty_handle_and_the_values(refusal):
    _, message = refusal(PrefixReferral(b"\0\0\0\0"))
    assert message.response_code == 303
    assert decode_referral(message.body).values == b"\0\0\0\0"


def test_versions_that_lack_a_code_get_the_one_they_know(refusal):
    _, message = refusal(InvalidValue("x"), version=(2, 4), suggested=(2, 4))
    assert message.response_code == 201


def test_id_sdk_is_told_not_found_because_it_takes_not_responsible_for_a_crash(refusal):
    _, message = refusal(NotResponsible(), version=(2, 3), suggested=(2, 10))
    assert (message.response_code, message.body) == (100, bytes(4))
    _, message = refusal(NotResponsible(), version=(2, 10), suggested=(2, 10))
    assert message.response_code == 301


def test_an_unplanned_error_is_counted_logged_once_and_keeps_its_details(refusal, caplog):
    responses = Responses()
    for _ in range(3):
        _, message = refusal(ZeroDivisionError("a secret"), responses)
    assert message.response_code == 2
    assert b"a secret" not in message.body
    assert responses.unplanned.count == 3
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert isinstance(record.exc_info[1], ZeroDivisionError)


def test_kinds_of_unplanned_errors_are_told_apart_up_to_a_bound(refusal, caplog):
    responses = Responses()
    refusal(KeyError("x"), responses)
    refusal(IndexError("x"), responses)
    for number in range(100):
        refusal(type(f"Error{number}", (Exception,), {})(), responses)
    assert len(caplog.records) == 64
    assert responses.unplanned.count == 102


@pytest.mark.parametrize(
    ("body", "prefix"),
    [
        (b"", b""),
        (b"\0\0", b""),
        (b"\0\0\0\x08" + b"88.900/x", b"88.900"),
        (b"\0\0\0\x06" + b"88.900", b"88.900"),
        (b"\xff\xff\xff\xff" + b"x" * 9000, b"x" * 4096),
    ],
)
def test_the_prefix_as_asked_is_read_from_any_body(body, prefix):
    assert asked_prefix(body) == prefix
