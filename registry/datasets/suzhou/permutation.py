"""A keyed permutation of the numbers below any bound, both ways, and the integer hash it is made of.

A Feistel network over two digits of unequal bases, walked until the result is below the bound
(J. Black, P. Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). It scatters; it hides nothing.

Each round adds to one digit what only depends on the other, so it can be taken back, and so can all of them: the
network permutes the product of the bases. Walking on while the result is not below the bound follows one cycle of that
permutation from a number below it to the next such one, which always comes, for the start itself is one; two starts on
a cycle have two different next ones, so what is left is a permutation, too.
"""

from collections.abc import Sequence
from math import isqrt
from typing import Final

ROUNDS: Final = 6

_MASK: Final = (1 << 64) - 1


def mix(number: int) -> int:
    """Return 64 bits that depend on all 64 bits of the number (finaliser of splitmix64)."""
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & _MASK
    return number ^ number >> 31


class Permutation:
    """A permutation of 0 … ``size`` - 1 by `ROUNDS` keys of 64 bits."""

    __slots__ = ("_back", "_keys", "_left", "_right", "size")

    def __init__(self, size: int, keys: Sequence[int]) -> None:
        self.size = size
        self._left = isqrt(size - 1) + 1
        self._right = -(-size // self._left)
        self._keys = tuple(zip(keys[0:ROUNDS:2], keys[1:ROUNDS:2], strict=True))
        self._back = self._keys[::-1]

    def forward(self, number: int) -> int:
        """Return where a number below ``size`` goes."""
        left_base, right_base = self._left, self._right
        while True:
            left, right = divmod(number, right_base)
            for left_key, right_key in self._keys:
                left = (left + mix(right + left_key & _MASK)) % left_base
                right = (right + mix(left + right_key & _MASK)) % right_base
            number = left * right_base + right
            if number < self.size:
                return number

    def backward(self, number: int) -> int:
        """Return what `forward` takes to this number."""
        left_base, right_base = self._left, self._right
        while True:
            left, right = divmod(number, right_base)
            for left_key, right_key in self._back:
                right = (right - mix(left + right_key & _MASK)) % right_base
                left = (left - mix(right + left_key & _MASK)) % left_base
            number = left * right_base + right
            if number < self.size:
                return number
