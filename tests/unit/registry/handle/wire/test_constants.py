"""Code points and their names.

* Every known code has a name; an unknown one keeps its number in its name and is no error.
* Flags are single, distinct bits within their field.
"""

import pytest

from idnode.registry.handle.wire.constants import (
    DATAGRAM_PAYLOAD_BYTES_MAX,
    EnvelopeFlag,
    OpCode,
    OpFlag,
    ResponseCode,
    name_of_op,
    name_of_response,
)


def bits(flags):
    return [value for name, value in vars(flags).items() if name.isupper()]


def test_known_codes_have_names():
    assert name_of_op(1) == "resolution"
    assert name_of_response(100) == "handle_not_found"
    assert all(not name_of_op(code).startswith("op-") for code in OpCode)
    assert all(not name_of_response(code).startswith("rc-") for code in ResponseCode)


def test_unknown_codes_are_named_by_their_number():
    assert name_of_op(999) == "op-999"
    assert name_of_response(-7) == "rc--7"


@pytest.mark.parametrize("flags", [OpFlag, EnvelopeFlag])
def test_flags_are_distinct_single_bits(flags):
    assert len(set(bits(flags))) == len(bits(flags))
    assert all(bit.bit_count() == 1 for bit in bits(flags))


def test_a_datagram_holds_an_envelope_and_492_bytes():
    assert DATAGRAM_PAYLOAD_BYTES_MAX == 492
