"""Bodies of the mirroring requests.

* Both requests read back, a retrieve in the layouts before and since 2.9; cuts are refused.
"""

import pytest

from idnode.registry.handle.wire import mirroring
from idnode.registry.handle.wire.errors import EncodingError, FieldTooShort, UnknownForm


@pytest.mark.parametrize("start", [None, (b"88.900/a", 1)])
def test_a_dump_request_reads_back(start):
    asked = mirroring.DumpRequest(2, 1, 0, start)
    assert mirroring.decode_dump(mirroring.encode_dump(asked)) == asked


@pytest.mark.parametrize(
    ("version", "asked"),
    [
        ((2, 8), mirroring.RetrieveRequest(2, 1, 0, 7, 1_700_000_000_000)),
        ((2, 9), mirroring.RetrieveRequest(2, 1, 0, 7, 1_700_000_000_000)),
        ((2, 11), mirroring.RetrieveRequest(2, 3, 1, state=b"{}")),
    ],
)
def test_a_retrieve_request_reads_back_in_its_version(version, asked):
    body = mirroring.encode_retrieve(asked, version)
    assert mirroring.decode_retrieve(body, version) == asked
    for end in range(len(body)):
        with pytest.raises(FieldTooShort):
            mirroring.decode_retrieve(body[:end], version)


def test_unknown_layouts_are_refused():
    with pytest.raises(UnknownForm):
        mirroring.decode_retrieve(b"\x02" + bytes(40), (2, 11))
    with pytest.raises(EncodingError):
        mirroring.encode_retrieve(mirroring.RetrieveRequest(2, 1, 0, state=b"{}"), (2, 8))
