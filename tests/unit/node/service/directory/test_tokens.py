"""Tokens say whose they are for a day, and nothing else can be made of them."""

import stat

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.node.service.directory.refusals import TokenRefused
from idnode.node.service.directory.tokens import (
    APPLICATIONS,
    LIFE_SECONDS,
    Tokens,
    load_or_make_key,
)

NOW = 1_700_000_000.5


@given(st.integers(0, 2**63), st.floats(0, 2**40))
def test_a_token_names_its_account_until_its_day_is_over(account, now):
    tokens = Tokens(b"k" * 32)
    token = tokens.issue(account, now)
    assert tokens.read(token, now + LIFE_SECONDS - 2) == account
    with pytest.raises(TokenRefused):
        tokens.read(token, now + LIFE_SECONDS)


@given(st.text(max_size=80))
def test_no_text_is_a_token_by_chance(text):
    with pytest.raises(TokenRefused):
        Tokens(b"k" * 32).read(text, NOW)


@given(st.integers(0, 63), st.sampled_from("AZaz09-_"))
def test_a_changed_character_voids_it(at, character):
    tokens = Tokens(b"k" * 32)
    token = tokens.issue(7, NOW)
    changed = token[:at] + character + token[at + 1 :]
    if changed != token:
        with pytest.raises(TokenRefused):
            tokens.read(changed, NOW)


def test_another_key_knows_none_of_them():
    with pytest.raises(TokenRefused):
        Tokens(b"x" * 32).read(Tokens(b"k" * 32).issue(7, NOW), NOW)


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path):
    key = load_or_make_key(tmp_path / "keys")
    assert load_or_make_key(tmp_path / "keys") == key
    assert stat.S_IMODE((tmp_path / "keys" / "tokens.key").stat().st_mode) == 0o600
    (tmp_path / "keys" / "tokens.key").write_bytes(b"short")
    assert len(load_or_make_key(tmp_path / "keys")) == 32


def test_a_token_of_an_application_is_told_apart():
    tokens = Tokens(b"k" * 32)
    for purpose, reason in ((APPLICATIONS, "application"), (b"another", "garbage")):
        token = jwt.encode({"sub": "88.900.1/App_x"}, tokens.derived(purpose), "HS256")
        with pytest.raises(TokenRefused) as refused:
            tokens.read(token, NOW)
        assert refused.value.reason == reason


def test_a_token_stays_known_when_its_day_is_over():
    tokens = Tokens(b"k" * 32)
    assert tokens.is_own(tokens.issue(7, 0))
    assert not Tokens(b"l" * 32).is_own(tokens.issue(7, NOW))
    assert not tokens.is_own("a.b.c")
