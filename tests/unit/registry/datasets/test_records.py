"""Records keep these promises.

- They are packed lists that the register could store, with HS_ADMIN, the template's version, and its attributes.
- The share of each size is as stated, and the answers have the stated sizes.
- Values are Chinese and Latin text; one percent of the records carries a base64 list of 1 to 3 kB.
- The day in the suffix is the day of making; a related identifier resolves.
"""

import base64
import re
from collections import Counter
from random import Random

import pytest

from idnode.registry.datasets.suzhou.catalogue import INDUSTRIES
from idnode.registry.datasets.suzhou.records import Records
from idnode.registry.datasets.suzhou.templates import RICH_TYPE, SHARES, Size, templates
from idnode.registry.handle.values import all_public, check, unpack

RECORDS = 20_000
FRAME_BYTES = 20 + 24 + 4 + 4
"""Envelope, header, length of the handle and empty credential of an answer."""


@pytest.fixture(scope="module")
def sample(suzhou):
    """Return (handle, enterprise, identifiers, position) of many identifiers."""
    found = []
    for handle in suzhou.sample(RECORDS, Random(11)):
        prefix, _, suffix = handle.partition(b"/")
        identifiers = suzhou.identifiers(prefix)
        enterprise = suzhou.enterprise(prefix)
        found.append((handle, enterprise, identifiers, identifiers.position(suffix)))
    return found


def _texts(packed):
    return {value.type: value.data.decode() for value in unpack(packed) if value.type != "HS_ADMIN"}


def test_records_could_be_stored(sample):
    for _handle, _enterprise, identifiers, position in sample[:2000]:
        packed = identifiers.values(position)
        check(packed)
        assert all_public(packed)


def test_records_follow_their_template(sample):
    for _handle, enterprise, identifiers, position in sample[:2000]:
        template = templates(enterprise.industry)[identifiers.records.size(position)]
        values = unpack(identifiers.values(position))
        assert [value.index for value in values[:2]] == [100, 1001]
        assert values[0].type == "HS_ADMIN"
        assert values[1].data.decode() == template.version
        assert [(value.index, value.type) for value in values[2:]] == [
            (template.index(attribute), attribute.value_type) for attribute in template.attributes
        ]
        assert all(value.data for value in values)


def test_the_administrators_are_those_of_the_prefix(sample):
    from idnode.registry.handle.types.hs_admin import decode_admin

    _handle, enterprise, identifiers, position = sample[0]
    admin = decode_admin(unpack(identifiers.values(position))[0].data)
    assert (admin.handle, admin.index) == (b"0.NA/" + enterprise.prefix, 200)


def test_sizes_are_mixed_as_stated(sample):
    sizes = Counter(identifiers.records.size(position) for *_, identifiers, position in sample)
    for size, percent in SHARES.items():
        assert sizes[size] == pytest.approx(RECORDS * percent / 100, rel=0.2)


@pytest.mark.parametrize("industry", INDUSTRIES, ids=lambda industry: industry.code)
def test_templates_have_the_stated_number_of_attributes(industry):
    counts = {each.size: len(each.attributes) for each in templates(industry)}
    assert counts[Size.SMALL] <= 5
    assert 10 <= counts[Size.STANDARD] <= 16
    assert counts[Size.FULL] >= 20
    assert counts[Size.RICH] == counts[Size.STANDARD] + 1


def test_answers_have_the_stated_sizes(sample):
    by_size = {size: [] for size in Size}
    for handle, _enterprise, identifiers, position in sample:
        answer = FRAME_BYTES + len(handle) + len(identifiers.values(position))
        by_size[identifiers.records.size(position)].append(answer)
    assert 350 <= min(by_size[Size.SMALL]) <= max(by_size[Size.SMALL]) <= 500
    assert 700 <= min(by_size[Size.STANDARD]) <= max(by_size[Size.STANDARD]) <= 1100
    assert 1000 <= min(by_size[Size.FULL]) <= max(by_size[Size.FULL]) <= 1500
    assert 1700 <= min(by_size[Size.RICH]) <= max(by_size[Size.RICH]) <= 4200


def test_rich_records_carry_a_list_in_base64(sample):
    rich = [each for each in sample if each[2].records.size(each[3]) is Size.RICH]
    assert rich
    for _handle, _enterprise, identifiers, position in rich:
        data = _texts(identifiers.values(position))[RICH_TYPE]
        assert 1000 <= len(data) <= 3000
        assert base64.b64decode(data).startswith(b"%5B%7B%22name%22%3A%22%u")


def test_values_are_chinese_and_latin(sample):
    text = "".join(
        "".join(_texts(identifiers.values(position)).values())
        for _handle, _enterprise, identifiers, position in sample[:200]
    )
    assert re.search("[\u4e00-\u9fff]", text)
    assert re.search("[A-Za-z]{4}", text)


def test_the_day_in_the_suffix_is_the_day_of_making(sample):
    compared = 0
    for handle, _enterprise, identifiers, position in sample[:2000]:
        made = _texts(identifiers.values(position)).get("mfgDate")
        named = re.search(rb"[./-](20[12]\d)(\d\d)(\d\d)[.]", handle)
        if made and named:
            assert made == b"-".join(named.groups()).decode()
            compared += 1
    assert compared > 100


def test_related_identifiers_were_issued(suzhou, sample):
    related = 0
    for _handle, _enterprise, identifiers, position in sample[:2000]:
        for text in _texts(identifiers.values(position)).values():
            if re.match(r"88\.9\d\d\.\d+/", text):
                assert suzhou.rank(text.encode()) is not None
                related += 1
    assert related > 500


def test_a_record_is_made_anew_without_a_difference(sample):
    _handle, enterprise, identifiers, position = sample[0]
    again = Records(enterprise, enterprise.suffixes())
    assert again.values(position) == identifiers.values(position)
