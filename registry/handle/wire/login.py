"""Bodies of the vendor logins, op 2000 and 2001 (handle-protocol.md §5 and §6.3)."""

from dataclasses import dataclass

from idnode.registry.handle.wire.cursor import Reader, Writer


@dataclass(frozen=True, slots=True)
class Login:
    """Op 2001: the identity that a challenge will have to prove."""

    handle: bytes
    index: int


@dataclass(frozen=True, slots=True)
class PasswordLogin:
    """Op 2000: a user's name and password."""

    username: bytes
    password: bytes


def decode_login(body: bytes) -> Login:
    """Return the identity in the body of an op 2001.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        InvalidHandle: The handle is longer than 4096 bytes.

    """
    reader = Reader(body)
    return Login(reader.handle(), reader.i4())


def encode_login(login: Login) -> bytes:
    """Return the body of an op 2001.

    Raises:
        EncodingError: The index does not fit into 32 bits.

    """
    return Writer().string(login.handle).i4(login.index).done()


def decode_password_login(body: bytes) -> PasswordLogin:
    """Return name and password of an op 2000, which is laid out as a resolution with one type.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        CountTooLarge: A count is larger than what could follow it.
        InvalidHandle: The name is longer than 4096 bytes.

    """
    reader = Reader(body)
    username = reader.handle()
    reader.integers()
    passwords = reader.strings()
    return PasswordLogin(username, passwords[0] if passwords else b"")


def encode_password_login(login: PasswordLogin) -> bytes:
    """Return the body of an op 2000."""
    return Writer().string(login.username).integers(()).strings((login.password,)).done()
