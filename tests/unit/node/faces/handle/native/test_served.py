"""Native code answers below a prefix only if nobody else has to be asked about it."""

from idnode.node.faces.handle.native.served import answerable


def test_prefixes_that_live_here_are_answered_natively():
    assert answerable({b"88.900", b"88.900.1"}) == {b"88.900", b"88.900.1"}


def test_prefix_handles_are_left_to_python():
    assert answerable({b"88.900", b"0.NA", b""}) == {b"88.900"}


def test_prefixes_of_whoever_has_to_be_asked_are_left_to_python():
    placed, computed = {b"88.900.2": "elsewhere"}, {b"88.900.3"}
    homed = {b"88.900.1", b"88.900.2", b"88.900.3"}
    assert answerable(homed, placed.__contains__, computed.__contains__) == {b"88.900.1"}
