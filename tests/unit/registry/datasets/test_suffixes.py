"""Suffixes keep these promises, for every industry's style.

- Text and position belong together one to one, and texts sort like positions.
- The check number is that of ISO 7064 MOD 97-10, computed digit by digit.
- One changed character, or two neighbours in the wrong order, never make another identifier; any other text of the
  right form is an identifier at most once in 97 times `GAP_MIN`.
- A text that was never issued has no position, whatever it is.
"""

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from idnode.registry.datasets.suzhou.catalogue import INDUSTRIES
from idnode.registry.datasets.suzhou.suffixes import GAP_MIN

TRIALS = 10_000


@pytest.fixture(scope="module")
def by_industry(suzhou):
    """Return an enterprise of each industry, with its suffixes."""
    found = {}
    for enterprise in suzhou.enterprises:
        found.setdefault(enterprise.industry.code, enterprise)
    return {code: (each, each.suffixes()) for code, each in found.items()}


@pytest.fixture(params=[industry.code for industry in INDUSTRIES])
def chosen(request, by_industry):
    return by_industry[request.param]


def _remainder(text):
    """Return the number that a text stands for modulo 97, one character at a time."""
    remainder = 0
    for character in text:
        if character.isalnum():
            number = int(character, 36)
            remainder = (remainder * (100 if number > 9 else 10) + number) % 97
    return remainder


def _some_positions(suffixes, count):
    chance = Random(7)
    middle = [chance.randrange(suffixes.volume) for _ in range(count)]
    return [0, 1, *sorted(middle), suffixes.volume - 2, suffixes.volume - 1]


def test_text_and_position_belong_together(chosen):
    _, suffixes = chosen
    positions = _some_positions(suffixes, 2000)
    texts = [suffixes.suffix(position) for position in positions]
    assert [suffixes.position(text) for text in texts] == positions
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {suffixes.length}
    assert all(9 <= len(text) <= 60 and text == text.upper() for text in texts)


def test_the_check_number_is_that_of_the_standard(chosen):
    enterprise, suffixes = chosen
    for position in _some_positions(suffixes, 200):
        text = (enterprise.prefix + suffixes.suffix(position)).decode()
        assert _remainder(text) == 1


def test_neighbours_were_never_issued(chosen):
    _, suffixes = chosen
    for position in _some_positions(suffixes, 200):
        first, second, serial = suffixes.fields(position)
        for near in (serial - 1, serial + 1):
            if 0 <= near < suffixes.span:
                found = suffixes.position(suffixes.write(first, second, near))
                assert found < 0 or found in {position - 1, position + 1}


def test_one_changed_digit_never_resolves(suzhou):
    chance = Random(1)
    for handle in suzhou.sample(TRIALS, chance):
        at = chance.choice([at for at, byte in enumerate(handle) if 48 <= byte < 58])
        digit = chance.choice([d for d in b"0123456789" if d != handle[at]])
        changed = handle[:at] + bytes([digit]) + handle[at + 1 :]
        assert suzhou.rank(changed) is None, (handle, changed)


def test_two_neighbours_in_the_wrong_order_never_resolve(suzhou):
    chance = Random(2)
    for handle in suzhou.sample(TRIALS, chance):
        at = chance.choice([a for a in range(len(handle) - 1) if handle[a] != handle[a + 1]])
        changed = handle[:at] + handle[at + 1 : at + 2] + handle[at : at + 1] + handle[at + 2 :]
        assert suzhou.rank(changed) is None, (handle, changed)


def test_other_damage_resolves_within_the_odds(suzhou):
    chance = Random(3)
    hits = 0
    for handle in suzhou.sample(TRIALS, chance):
        digits = "".join(chance.choice("0123456789") for _ in range(6)).encode()
        changed = handle[:-6] + digits
        hits += changed != handle and suzhou.rank(changed) is not None
    expected = TRIALS / (97 * GAP_MIN)
    assert hits <= 2 * expected


@given(st.binary(max_size=40))
@example(b"")
@example(b"ZL190101-M001-01582_")
@settings(max_examples=300)
def test_any_bytes_have_a_position_or_none(by_industry, text):
    for _, suffixes in by_industry.values():
        position = suffixes.position(text)
        assert position == -1 or suffixes.suffix(position) == text


def test_every_enterprise_leaves_gaps(suzhou):
    assert min(enterprise.suffixes().gap for enterprise in suzhou.enterprises) >= GAP_MIN
