"""Answers of SNMS become data or one of the documented errors, whatever comes back."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.clients import snms_answers
from idnode.clients.errors import ClientError, MalformedAnswer, TimedOut
from idnode.clients.snms_answers import (
    NodeFailed,
    NotLoggedIn,
    NotPermitted,
    RuleBroken,
    SnmsRefused,
)
from idnode.clients.snms_requests import Account, dated_digest, login
from idnode.clients.web_requests import HttpResponse

READERS = [
    snms_answers.read_nothing,
    snms_answers.read_template,
    snms_answers.read_identifier,
    snms_answers.read_outcomes,
    snms_answers.read_page,
    snms_answers.read_object_data,
    snms_answers.read_token,
    snms_answers.read_file,
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["handle", "msg", "items", "value", "data", "token", "content"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


def response(body, status=200):
    return HttpResponse(status, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (-1, NotLoggedIn),
        (-2, RuleBroken),
        (-3, NotPermitted),
        (-4, NodeFailed),
        (21000, RuleBroken),
    ],
)
def test_each_status_has_its_error(status, error):
    with pytest.raises(error, match="why") as refused:
        snms_answers.data_of(response({"message": "why", "status": status, "data": None}))
    assert (refused.value.status, refused.value.message) == (status, "why")


def test_a_status_that_nobody_knows_is_a_refusal():
    with pytest.raises(SnmsRefused):
        snms_answers.data_of(response({"message": "", "status": 7, "data": None}))


def test_a_proxy_that_gave_up_leaves_the_outcome_unknown():
    with pytest.raises(TimedOut):
        snms_answers.data_of(HttpResponse(504, b"<html>"))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"status": 1}', b'{"status": true, "data": 1}']
)
def test_what_is_no_envelope_is_malformed(body):
    with pytest.raises(MalformedAnswer):
        snms_answers.data_of(HttpResponse(200, body))


@pytest.mark.parametrize("read", READERS)
@given(data=anything)
def test_any_data_is_read_or_refused(read, data):
    with contextlib.suppress(ClientError):
        read(response({"message": "success", "status": 1, "data": data}))


def test_the_digest_is_the_published_one_and_a_password_stays_out_of_sight():
    afternoon_in_china = 1_565_870_400.0
    digest = dated_digest("123456", afternoon_in_china)
    assert digest == "58e2c92c46485fdbc35fdcd0814d6c0f000cad5aa156848ca5edaf29406b7661"
    account = Account("demo", "123456")
    assert "123456" not in repr(account)
    assert b"123456" not in login(account, afternoon_in_china).body
    assert login(Account("demo", "123456", digested=False), 0).target == "/identity/token"
