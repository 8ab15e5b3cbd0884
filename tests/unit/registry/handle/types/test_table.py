"""The table of value types.

* Every row reads back from its bytes and from its JSON, and bytes of another form have neither JSON nor text.
* A type below another has its form; capitals do not matter.
* A new type is a row: JSON and text of a type made here follow from it.
* Reading data from JSON takes any format in any spelling and raises the documented errors only.
"""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.handle.types import hs_pubkey_forms, hs_seckey
from idnode.registry.handle.types.hs_admin import AdminValue
from idnode.registry.handle.types.hs_site import Interface, Server, Site, pack_address
from idnode.registry.handle.types.hs_vlist import Member
from idnode.registry.handle.types.json_reading import MalformedJson
from idnode.registry.handle.types.table import TYPES, ValueTypes
from idnode.registry.handle.types.value_type import JsonForm, ValueType
from idnode.registry.handle.wire.errors import FieldTooShort, ProtocolError

KEY = hs_pubkey_forms.KeyNumbers(hs_pubkey_forms.RSA, (b"\x01\x00\x01", b"\xe1\xaf\x51"))
SITE = Site(
    3,
    (
        Server(
            1,
            pack_address("10.0.0.1"),
            hs_pubkey_forms.encode_numbers(KEY),
            (Interface(3, 1, 2641),),
        ),
    ),
    ((b"desc", "工厂".encode()),),
)
SAMPLES = {
    "HS_ADMIN": AdminValue(0x801, b"0.NA/88.900", 301, legacy=True),
    "HS_VLIST": (Member(b"0.NA/88.900", 300), Member(b"88.900/x", 1)),
    "HS_SITE": SITE,
    "HS_NA_DELEGATE": SITE,
    "HS_PUBKEY": KEY,
    "HS_SECKEY": b"hush",
}


def test_there_is_a_sample_for_each_row():
    assert set(SAMPLES) == set(TYPES.rows)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_row_reads_back_from_bytes_and_from_json(name):
    row = TYPES.find(name)
    data = row.encode(SAMPLES[name])
    assert row.decode(data) == SAMPLES[name]
    assert row.data_text(data).isprintable()
    if row.json is not None:
        shown = row.data_object(data)
        assert shown["format"] == row.json.format
        assert TYPES.data_bytes(shown) == data
        assert row.data_object(b"\xff") is None
        assert row.data_text(b"\xff") is None


def test_a_secret_is_shown_to_nobody():
    assert hs_seckey.TYPE.data_object(b"hush") is None
    assert TYPES.data_text("hs_seckey", b"hush") == "(secret of 4 bytes)"


@pytest.mark.parametrize(
    ("value_type", "row"),
    [
        ("hs_site", "HS_SITE"),
        ("HS_SITE.PREFIX", "HS_SITE"),
        ("HS_SITE.a.b", "HS_SITE"),
        ("HS_ADMIN.OLD", "HS_ADMIN"),
        ("Hs_Na_Delegate", "HS_NA_DELEGATE"),
    ],
)
def test_a_type_below_another_has_its_form(value_type, row):
    assert TYPES.find(value_type) is TYPES.rows[row]


@pytest.mark.parametrize("value_type", ["", ".", "URL", "HS_SITES", "HS_SITE2.PREFIX", "X.HS_SITE"])
def test_other_types_hold_plain_data(value_type):
    assert TYPES.find(value_type) is None
    assert TYPES.data_text(value_type, b"x") is None


@dataclass(frozen=True)
class Weight:
    """Data of a type that is known in this test only."""

    grams: int


def decode_weight(data):
    if len(data) != 4:
        raise FieldTooShort(4, len(data))
    return Weight(int.from_bytes(data, "big"))


def test_a_new_type_is_one_row():
    row = ValueType(
        "WEIGHT",
        decode_weight,
        lambda weight: weight.grams.to_bytes(4, "big"),
        lambda weight: f"{weight.grams} g",
        JsonForm("weight", lambda weight: weight.grams, lambda found: Weight(int(found))),
    )
    types = ValueTypes([*TYPES.rows.values(), row])
    data = types.data_bytes({"format": "Weight", "value": 1500})
    assert data == b"\0\0\x05\xdc"
    assert types.find("weight.net").data_object(data) == {"format": "weight", "value": 1500}
    assert types.data_text("WEIGHT", data) == "1500 g"
    assert types.data_text("WEIGHT", b"") is None
    with pytest.raises(MalformedJson):
        TYPES.data_bytes({"format": "weight", "value": 1500})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["handle", "index", "permissions", "servers", "ServerList", "Address", "serverId", "publicKey", "format", "value", "kty", "n", "e", "interfaces", "query", "admin", "protocol", "port", "attributes", "name", "protocolVersion"]
        )
        | st.text(max_size=3),
        inner,
        max_size=6,
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.sampled_from(["string", "base64", "HEX", "admin", "vlist", "site", "key", "?"]), JSON)
def test_any_json_gives_bytes_or_a_documented_error(form, value):
    for found in (value, {"format": form, "value": value}):
        try:
            data = TYPES.data_bytes(found)
        except (MalformedJson, ProtocolError):
            continue
        assert isinstance(data, bytes)
