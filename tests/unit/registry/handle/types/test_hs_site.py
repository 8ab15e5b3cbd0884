"""The site record.

* It reads back with several servers, addresses of both families and attributes.
* Addresses turn into text and back.
* Every cut is refused; impossible counts are not believed.
"""

import pytest

from idnode.registry.handle.types import hs_site
from idnode.registry.handle.wire.errors import CountTooLarge, EncodingError, FieldTooShort

SITE = hs_site.Site(
    serial=7,
    servers=(
        hs_site.Server(
            1,
            hs_site.pack_address("127.0.0.1"),
            b"key",
            (hs_site.Interface(3, 1, 2641), hs_site.Interface(2, 0, 2641)),
        ),
        hs_site.Server(2, hs_site.pack_address("2001:db8::1")),
    ),
    attributes=((b"desc", "示例".encode()),),
    primary_mask=hs_site.PRIMARY | hs_site.MULTI_PRIMARY,
)


def test_a_site_reads_back_without_what_follows_it():
    assert hs_site.decode_site(hs_site.encode_site(SITE)) == SITE
    assert hs_site.decode_site(hs_site.encode_site(SITE) + b"later") == SITE
    assert SITE.primary


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.10", "2001:db8::1", "::1"])
def test_an_address_turns_into_bytes_and_back(host):
    packed = hs_site.pack_address(host)
    assert len(packed) == 16
    assert hs_site.Server(1, packed).host == host


def test_a_name_is_no_address():
    with pytest.raises(EncodingError):
        hs_site.pack_address("localhost")
    with pytest.raises(EncodingError):
        hs_site.encode_site(hs_site.Site(1, (hs_site.Server(1, b"\x7f\0\0\x01"),)))


def test_every_cut_of_a_site_is_refused():
    data = hs_site.encode_site(SITE)
    for end in range(len(data)):
        with pytest.raises((FieldTooShort, CountTooLarge)):
            hs_site.decode_site(data[:end])


def test_a_handle_always_falls_to_the_only_server():
    for option in (hs_site.HASH_BY_PREFIX, hs_site.HASH_BY_SUFFIX, hs_site.HASH_BY_WHOLE, 99):
        assert hs_site.server_number(b"88.900/a", option, 1) == 0
