"""The permutation keeps these promises.

- It takes each number below its size to another one below its size, and back.
- Another key is another permutation.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.datasets.suzhou.permutation import Permutation, mix

KEYS = (1, 2, 3, 4, 5, 6)
words = st.integers(0, 2**64 - 1)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 12, 97, 100, 1000, 4160])
def test_small_sizes_are_permuted_whole(size):
    permutation = Permutation(size, KEYS)
    images = [permutation.forward(number) for number in range(size)]
    assert sorted(images) == list(range(size))
    assert [permutation.backward(image) for image in images] == list(range(size))


@given(st.integers(1, 2**40), st.lists(words, min_size=6, max_size=6), st.data())
def test_backward_undoes_forward_at_any_size(size, keys, data):
    permutation = Permutation(size, keys)
    number = data.draw(st.integers(0, size - 1))
    image = permutation.forward(number)
    assert 0 <= image < size
    assert permutation.backward(image) == number


def test_other_keys_permute_otherwise():
    one, other = Permutation(1000, KEYS), Permutation(1000, KEYS[::-1])
    same = sum(one.forward(number) == other.forward(number) for number in range(1000))
    assert same < 20


@given(words)
def test_the_hash_has_64_bits(number):
    assert 0 <= mix(number) < 2**64
