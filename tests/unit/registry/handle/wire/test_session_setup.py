"""Bodies of the session operations.

* Proposals read back in every mode, with the fields of their mode only; so do the answers.
* Every cut but that of the padding is refused.
"""

import pytest

from idnode.registry.handle.wire import session_setup
from idnode.registry.handle.wire.constants import KeyExchange
from idnode.registry.handle.wire.errors import FieldTooShort
from idnode.registry.handle.wire.session_setup import SessionAnswer, SessionRequest


@pytest.mark.parametrize(
    "request_",
    [
        SessionRequest(KeyExchange.NONE, 1),
        SessionRequest(KeyExchange.CLIENT_CIPHER, 86_400, b"a/b", 1, public_key=b"key"),
        SessionRequest(KeyExchange.SERVER_CIPHER, 86_400),
        SessionRequest(
            KeyExchange.HANDLE_CIPHER, 86_400, exchange_handle=b"a/b", exchange_index=300
        ),
        SessionRequest(KeyExchange.DIFFIE_HELLMAN, 86_400, b"a/b", 1, public_key=b"key"),
    ],
)
def test_a_proposal_reads_back_in_its_mode(request_):
    body = session_setup.encode_session_request(request_)
    assert session_setup.decode_session_request(body) == request_
    for end in range(len(body) - 2):
        with pytest.raises(FieldTooShort):
            session_setup.decode_session_request(body[:end])


def test_an_answer_reads_back():
    data = session_setup.encode_key_data(3, b"key")
    assert session_setup.decode_key_data(data) == (3, b"key")
    answer = SessionAnswer(KeyExchange.DIFFIE_HELLMAN, data)
    body = session_setup.encode_session_answer(answer)
    assert session_setup.decode_session_answer(body) == answer
    for end in range(len(body) - 2):
        with pytest.raises(FieldTooShort):
            session_setup.decode_session_answer(body[:end])


def test_a_key_exchange_reads_back():
    assert session_setup.decode_key_exchange(session_setup.encode_key_exchange(b"key")) == b"key"
