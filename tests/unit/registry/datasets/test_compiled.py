"""The compiled identifiers keep this promise.

- Each enterprise's positions and records are those that Python computes, byte for byte, and what Python does not know
  they do not know either.
"""

import hashlib
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytest.importorskip(
    "idnode.registry.datasets.suzhou.native", reason="the compiled core is not built"
)

from idnode.registry.datasets.suzhou.compiled import compiled
from idnode.registry.datasets.suzhou.dataset import Suzhou

POSITIONS = 40


@pytest.fixture(scope="module")
def pairs(suzhou):
    """Return some enterprises of each industry, with their identifiers twice."""
    chosen = [*suzhou.enterprises[::60], max(suzhou.enterprises, key=lambda each: each.volume)]
    found = []
    for enterprise in chosen:
        identifiers = suzhou.identifiers(enterprise.prefix)
        found.append((enterprise, identifiers, compiled(enterprise, identifiers)))
    assert len({enterprise.industry for enterprise, *_ in found}) == 7
    return found


def _positions(enterprise, chance):
    some = [chance.randrange(enterprise.volume) for _ in range(POSITIONS)]
    return [0, 1, enterprise.volume - 2, enterprise.volume - 1, *some]


def test_records_are_those_of_python(pairs):
    chance = Random(1)
    for enterprise, identifiers, native in pairs:
        for position in _positions(enterprise, chance):
            assert native.values(position) == identifiers.values(position)


def test_positions_are_those_of_python(pairs):
    chance = Random(2)
    for enterprise, identifiers, native in pairs:
        for position in _positions(enterprise, chance):
            suffix = identifiers.suffix(position)
            assert native.position(suffix) == position
            for _ in range(20):
                other = bytearray(suffix)
                other[chance.randrange(len(other))] = chance.choice(b"0123456789AZ.-\0\xff/")
                other = bytes(other)
                assert native.position(other) == identifiers.position(other)


@given(st.binary(max_size=70))
@example(b"")
@example(b"ZL190101-M001-0158260")
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_have_the_same_position_or_none(pairs, suffix):
    for _enterprise, identifiers, native in pairs:
        assert native.position(suffix) == identifiers.position(suffix)


def test_every_enterprise_can_be_compiled():
    other = Suzhou(99)
    digest = hashlib.sha256()
    expected = hashlib.sha256()
    for enterprise in other.enterprises[::7]:
        identifiers = other.identifiers(enterprise.prefix)
        digest.update(compiled(enterprise, identifiers).values(3))
        expected.update(identifiers.values(3))
    assert digest.digest() == expected.digest()


def test_a_position_that_does_not_exist_is_refused(pairs):
    enterprise, _, native = pairs[0]
    with pytest.raises(IndexError):
        native.values(enterprise.volume)
