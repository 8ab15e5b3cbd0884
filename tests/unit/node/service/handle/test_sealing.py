"""Answers that are to be certified carry a signature of the site's key, in order, made off the loop."""

import pytest

from idnode.node.service.offload import WAITING_MAX
from idnode.registry.handle.proofs.signatures import verify_message
from idnode.registry.handle.types.hs_pubkey import decode_public_key
from idnode.registry.handle.types.hs_site import decode_site
from idnode.registry.handle.wire.credential import decode_credential
from idnode.registry.handle.wire.resolution import Query, encode_query

CERTIFIED = 0x59800000


@pytest.fixture
def is_signed(service):
    """Return a function that checks the signature of an answer."""
    service.responses.signing_key = service.site.signing_key
    key = decode_public_key(decode_site(service.site.site).servers[0].public_key)

    def is_signed(envelope, message):
        credential = decode_credential(message.credential)
        return verify_message(key, envelope, message.signed, credential)

    return is_signed


@pytest.mark.parametrize("version", [(2, 0), (2, 6), (2, 7), (2, 10), (2, 11)])
async def test_a_certified_answer_is_signed_by_the_sites_key(talk, is_signed, version):
    fields = {"version": version, "suggested": version}
    assert is_signed(*await talk.ask(2, b"\0\0\0\x01/", CERTIFIED, **fields))


async def test_refusals_and_challenges_are_signed_too(talk, is_signed):
    query = encode_query(Query(b"88.900.1/none"))
    envelope, message = await talk.ask(1, query, CERTIFIED)
    assert message.response_code == 100
    assert is_signed(envelope, message)
    envelope, message = await talk.ask(302, b"\0\0\0\x01/", CERTIFIED)
    assert message.response_code == 402
    assert is_signed(envelope, message)


async def test_without_a_key_answers_go_unsigned(talk):
    _, message = await talk.ask(2, b"\0\0\0\x01/", CERTIFIED)
    assert (message.response_code, message.credential) == (1, b"")


async def test_when_too_much_waits_to_be_signed_the_node_is_busy(service, talk, is_signed):
    service.offload.waiting = WAITING_MAX
    _, message = await talk.ask(2, b"\0\0\0\x01/", CERTIFIED)
    assert (message.response_code, message.credential) == (3, b"")
    service.offload.waiting = 0
    assert is_signed(*await talk.ask(2, b"\0\0\0\x01/", CERTIFIED))
