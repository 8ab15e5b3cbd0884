"""Industry and region codes lie in each other; samples of the source are taken."""

import pytest

from idnode.node.service.directory.industry import SECTIONS, check_industry, check_region
from idnode.node.service.directory.refusals import FieldRefused


@pytest.mark.parametrize(
    "codes",
    [
        ("A", "01", "011", "0111"),
        ("E", "50", "502", "5022"),
        ("I", "65", "651", "6513"),
        ("M", "75", "751", "7517"),
    ],
)
def test_the_samples_fit(codes):
    check_industry(*codes)


@pytest.mark.parametrize(
    ("codes", "field"),
    [
        (("Z", "01", "011", "0111"), "industryCategory"),
        (("A", "06", "061", "0611"), "industrySpecific"),
        (("A", "1", "011", "0111"), "industrySpecific"),
        (("A", "01", "021", "0211"), "industryTrade"),
        (("A", "01", "011", "0121"), "industrySubclass"),
        (("A", "０１", "011", "0111"), "industrySpecific"),
    ],
)
def test_the_first_code_that_does_not_fit_is_named(codes, field):
    with pytest.raises(FieldRefused) as refusal:
        check_industry(*codes)
    assert refusal.value.field == field


def test_every_division_belongs_to_one_section():
    divisions = [division for found in SECTIONS.values() for division in found]
    assert divisions == list(range(1, 98))


def test_a_city_lies_in_its_province_and_so_does_a_county():
    check_region("110000", "110100", "110108", "orgAddr")
    check_region("110000", "110100", None, "orgAddr")
    for codes, field in (
        (("11", "110100", None), "orgAddrProvince"),
        (("110000", "320100", None), "orgAddrCity"),
        (("110000", "110100", "320500"), "orgAddrCounty"),
    ):
        with pytest.raises(FieldRefused) as refusal:
            check_region(*codes, "orgAddr")
        assert refusal.value.field == field
