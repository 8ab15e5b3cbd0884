"""The enterprises: prefix, name, industry, how many identifiers, and how they write their suffixes."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import blake2b
from typing import Final

from idnode.registry.datasets.suzhou.catalogue import (
    AUTO_PARTS,
    DAILY_CHEMICALS,
    DIE_CASTING,
    ELECTRONICS,
    ENVIRONMENT,
    INDUSTRIES,
    PHARMA,
)
from idnode.registry.datasets.suzhou.industries import Industry
from idnode.registry.datasets.suzhou.nodes import ENTERPRISES, IDENTIFIERS, NODES, SecondaryNode
from idnode.registry.datasets.suzhou.permutation import Permutation
from idnode.registry.datasets.suzhou.suffixes import Column, Style, Suffixes

FIRST_DAY: Final = date(2019, 1, 1)
DAYS: Final = 1_004
"""Days of making: from `FIRST_DAY` to 2021-09-30."""

ZIPF_OFFSET: Final = 3
"""The j-th largest enterprise, from 0, has a share in proportion to 1 / (j + `ZIPF_OFFSET`)."""

PLACES: Final = (
    *("姑苏", "工业园区", "高新区", "吴中", "相城"),
    *("吴江", "昆山", "太仓", "常熟", "张家港"),
)
_FIRST_CHARACTERS: Final = (
    "瑞锦恒泰盛达華兴祥丰裕隆凯宏博嘉诚信德仁和安康宁"
    "远志创智联合汇聚金银铜铁海江河湖山川云天星辰日月"
    "明光华耀东南西北春夏秋冬松竹梅兰"
)[:64]
_SECOND_CHARACTERS: Final = (
    "辉耀达通顺利源泉基业成功胜强健美佳好优良精工匠心"
    "造物力行致远卓越超群飞腾跃进新生启航领先锋尖端正"
    "方圆合璧联袂同济共荣昌茂鼎立言亮和"
)[:65]

_LETTERS: Final = b"ABCDEFGHJKLMNPQRSTUVWXYZ"
_ELECTRONIC_CLASSES: Final = (b"870101", b"870203", b"870502", b"871104")
_WASTE_CLASSES: Final = (b"HW08", b"HW09", b"HW22", b"HW49")


@dataclass(frozen=True, slots=True)
class Enterprise:
    """One enterprise; ``start`` is the rank of its first identifier."""

    number: int
    prefix: bytes
    node: SecondaryNode
    name: str
    industry: Industry
    volume: int
    start: int
    keys: tuple[int, ...]
    value_key: bytes

    @property
    def stop(self) -> int:
        """The rank behind that of its last identifier."""
        return self.start + self.volume

    def permutation(self) -> Permutation:
        """Return what takes the order of registration to the order of suffixes."""
        return Permutation(self.volume, self.keys)

    def suffixes(self) -> Suffixes:
        """Return its suffixes by position."""
        return Suffixes(self.prefix, _style(self.industry, self.keys[7]), self.volume, self.keys[6])


def material(label: bytes, seed: int, name: bytes) -> bytes:
    """Return 64 bytes that belong to a seed and a name."""
    return blake2b(b"idnode suzhou " + label + b" " + seed.to_bytes(8, "little") + name).digest()


def key_numbers(digest: bytes) -> tuple[int, ...]:
    """Return the eight numbers of 64 bits in 64 bytes."""
    return tuple(int.from_bytes(digest[at : at + 8], "little") for at in range(0, 64, 8))


def enterprises(seed: int) -> tuple[Enterprise, ...]:
    """Return all enterprises of a seed, in the order of nodes and their numbers there."""
    share = volumes()
    sizes = Permutation(ENTERPRISES, key_numbers(material(b"sizes", seed, b"")))
    brands = Permutation(ENTERPRISES, key_numbers(material(b"brands", seed, b"")))
    found: list[Enterprise] = []
    start = 0
    for node in NODES:
        for ordinal in range(1, node.enterprises + 1):
            number = len(found)
            prefix = b"%b.%d" % (node.prefix, ordinal)
            keys = key_numbers(material(b"numbers", seed, prefix))
            industry = node.industry or INDUSTRIES[keys[7] % len(INDUSTRIES)]
            volume = share[sizes.forward(number)]
            found.append(
                Enterprise(
                    number,
                    prefix,
                    node,
                    _name(brands.forward(number), keys[7], industry),
                    industry,
                    volume,
                    start,
                    keys,
                    material(b"values", seed, prefix)[:16],
                )
            )
            start += volume
    return tuple(found)


@cache
def volumes() -> tuple[int, ...]:
    """Return the volumes, largest first; they add up to all identifiers."""
    weights = [10**15 // (number + ZIPF_OFFSET) for number in range(ENTERPRISES)]
    total = sum(weights)
    shares = [weight * IDENTIFIERS // total for weight in weights]
    for number in range(IDENTIFIERS - sum(shares)):
        shares[number] += 1
    return tuple(shares)


def _name(brand: int, chance: int, industry: Industry) -> str:
    first, second = divmod(brand, len(_SECOND_CHARACTERS))
    place = PLACES[(chance >> 8) % len(PLACES)]
    characters = _FIRST_CHARACTERS[first] + _SECOND_CHARACTERS[second]
    return f"示例·{place}{characters}{industry.trade}有限公司"


@cache
def days(form: str, shift: int = 0) -> tuple[bytes, ...]:
    """Return the days of making, each plus ``shift`` days, written in a form of `strftime`."""
    first = FIRST_DAY + timedelta(days=shift)
    return tuple((first + timedelta(days=day)).strftime(form).encode() for day in range(DAYS))


@cache
def _day_column(form: str) -> Column:
    return Column(days(form))


def _style(industry: Industry, chance: int) -> Style:
    """Return how an enterprise of an industry writes its suffixes; ``chance`` is a number of 64 bits."""
    count = 6 + (chance >> 16) % 19
    code = (chance >> 24) % 9000
    long_days, short_days = _day_column("%Y%m%d"), _day_column("%y%m%d")
    if industry is ELECTRONICS:
        head = _ELECTRONIC_CLASSES[code % 4] + b"."
        models = Column([b"K%03d" % (101 + 7 * model) for model in range(count)])
        return Style(head, models, long_days, b".", b".", 5, day_column=2)
    if industry is AUTO_PARTS:
        parts = Column([b"312%05d" % (code * 10 + 37 * part) for part in range(count)])
        return Style(b"", parts, short_days, b"-", b"-", 4, day_column=2)
    if industry is DAILY_CHEMICALS:
        codes = Column([_gtin(690_000_000_000 + code * 100_000 + 11 * n) for n in range(count)])
        return Style(b"", codes, long_days, b".", b".", 4, day_column=2)
    if industry is DIE_CASTING:
        moulds = Column([b"M%03d" % (1 + 3 * mould) for mould in range(count)])
        return Style(b"ZL", short_days, moulds, b"-", b"-", 4, day_column=1)
    if industry is ENVIRONMENT:
        head = _WASTE_CLASSES[code % 4] + b"."
        return Style(head, long_days, join_first=b".", digits_min=5, day_column=1)
    if industry is PHARMA:
        products = Column([b"%03d" % (100 + 13 * product) for product in range(count)])
        return Style(b"8%04d" % (1000 + code), products, digits_min=10)
    letters = bytes(_LETTERS[(chance >> shift) % len(_LETTERS)] for shift in (32, 38, 44, 50))
    return Style(letters, short_days, digits_min=4, day_column=1)


def _gtin(body: int) -> bytes:
    """Return twelve digits with the check digit of GTIN-13."""
    digits = b"%012d" % body
    weighted = sum((digit - 48) * (1, 3)[place & 1] for place, digit in enumerate(digits))
    return digits + b"%d" % (-weighted % 10)
