"""The key pairs of the node and its demo enterprise: RSA, made at first start, kept as files."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

KEY_BITS: Final = 2048

Make = Callable[[], rsa.RSAPrivateKey]
"""Gives a key pair that nobody else gets."""


class KeyFileUnusable(OSError):
    """A private key file is there, and does not hold an unencrypted key of the kind that is needed."""


def make() -> rsa.RSAPrivateKey:
    """Return a new key pair. Blocks, and lets other threads run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


class MadeAhead:
    """Makes key pairs in a thread of its own, beside whoever will need them soon; call it to get one.

    One thread, so that on two processors the other one stays with whoever waits.
    """

    def __init__(self, count: int) -> None:
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keys")
        self._ahead: deque[Future[rsa.RSAPrivateKey]] = deque(
            thread.submit(make) for _ in range(count)
        )
        thread.shutdown(wait=False)

    def __call__(self) -> rsa.RSAPrivateKey:
        """Return a key pair that nobody else gets. Blocks."""
        try:
            return self._ahead.popleft().result()
        except IndexError:  # more are needed than were foreseen
            return make()


def load_or_make(folder: Path, name: str, make: Make = make) -> rsa.RSAPrivateKey:
    """Return the key pair ``name``, made now if the folder does not have it yet. Blocks.

    ``NAME.private.pem`` (PKCS#8, readable by the owner only) is what counts; ``NAME.public.pem`` is written
    beside it for people.

    Raises:
        KeyFileUnusable: The file holds something else.
        OSError: The folder cannot be read or written.

    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}.private.pem"
    with suppress(FileNotFoundError):
        return _load(path)
    key = make()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_whole(folder / f"{name}.public.pem", public, 0o644)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(path, private, 0o600)
    return key


def _load(path: Path) -> rsa.RSAPrivateKey:
    data = path.read_bytes()
    try:
        # Proving the primes again would take 60 ms of each start; damage shows in the numbers below, too.
        key = load_pem_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError) as error:
        raise KeyFileUnusable(f"{path}: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyFileUnusable(f"{path}: not an RSA key")
    if not _is_consistent(key.private_numbers()):
        raise KeyFileUnusable(f"{path}: the parts of the key do not belong together")
    return key


def _is_consistent(numbers: rsa.RSAPrivateNumbers) -> bool:
    """Say whether these are the numbers of one key, as far as that can be said without proving primes."""
    p, q, d, public = numbers.p, numbers.q, numbers.d, numbers.public_numbers
    return (
        p > 1
        and q > 1
        and p * q == public.n
        and d * public.e % (p - 1) == 1
        and d * public.e % (q - 1) == 1
        and (numbers.dmp1, numbers.dmq1) == (d % (p - 1), d % (q - 1))
        and numbers.iqmp * q % p == 1
    )


def write_whole(path: Path, data: bytes, mode: int) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        OSError: The disk refused.

    """
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
