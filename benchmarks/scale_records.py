"""The identifiers that `benchmarks.scale` fills a register with, made fast enough not to be what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import msgpack

from benchmarks.records import PREFIX
from idnode.registry.handle.values import join, pack_value

Value: TypeAlias = tuple[int, str, str]

_NUMBER = "#" * 9
"""Stands in a template for the number of the identifier, in nine digits."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Records that differ by their number only."""

    values: tuple[Value, ...]

    @property
    def handle(self) -> str:
        """The handle, with the number left open."""
        return f"{PREFIX}/part-{_NUMBER}"

    def wire_bytes(self) -> int:
        """Return the bytes of handle and values as the protocol sends them."""
        return len(self.handle) + len(self.packed(0))

    def packed(self, number: int) -> bytes:
        """Return the values of an identifier, packed."""
        digits = f"{number:09d}"
        return join(
            [
                pack_value(i, kind.encode(), data.replace(_NUMBER, digits).encode(), timestamp=1)
                for i, kind, data in self.values
            ]
        )

    def request(self, numbers: range) -> bytes:
        """Return a batch of these identifiers in msgpack."""
        template = msgpack.packb([self.handle, self.values]).replace(b"%", b"%%")
        count = template.count(_NUMBER.encode())
        template = template.replace(_NUMBER.encode(), b"%09d")
        head = b"\xdd" + len(numbers).to_bytes(4, "big")
        return head + b"".join([template % ((number,) * count) for number in numbers])


def handle_of(number: int) -> bytes:
    """Return the handle of an identifier."""
    return b"%s/part-%09d" % (PREFIX.encode(), number)


KINDS = {
    "plain": Kind(((1, "URL", f"https://part.example.cn/t/{_NUMBER}"),)),
    "rich": Kind(
        (
            (1, "URL", f"https://part.example.cn/t/{_NUMBER}"),
            (2, "NAME", "Planetary gearbox, two stages, hardened and ground, ".ljust(100, "x")),
            (3, "MAKER", "Suzhou Works No. 4, line 12".ljust(120, "x")),
            (4, "SPEC", f"ratio 16; torque 240; batch {_NUMBER}; ".ljust(200, "x")),
            (5, "TRACE", "steel: heat, forging, machining, inspection".ljust(180, "x")),
        )
    ),
}
"""Records of 90 bytes, and of 0.8 kB, which is what real ones have."""
