"""Code points, flags and sizes of the Handle wire protocol, each with its source.

Codes that are not listed here stay plain integers everywhere; only names are looked up. Flags
are plain integers, not an `enum.IntFlag`, because they are tested for every message.
"""

from enum import IntEnum
from typing import Final

from idnode.registry.handle import limits

ENVELOPE_BYTES: Final = 20
"""handle-protocol.md §1.1."""

HEADER_BYTES: Final = 24
"""handle-protocol.md §2."""

DATAGRAM_BYTES_MAX: Final = 512
"""Largest UDP datagram, envelope included (handle-protocol.md §1)."""

DATAGRAM_PAYLOAD_BYTES_MAX: Final = DATAGRAM_BYTES_MAX - ENVELOPE_BYTES
"""Bytes of message in one datagram (handle-protocol.md §1)."""

MESSAGE_BYTES_MAX: Final = limits.MESSAGE_BYTES_MAX
"""Longest message; a deployed client hangs on a longer answer (handle-protocol.md §1.2)."""

PORT_DEFAULT: Final = 2641
"""TCP and UDP (handle-protocol.md §1)."""

EXPIRATION_SECONDS: Final = 43_200
"""How far ahead of now everybody dates a message (handle-protocol.md §2)."""

SITE_SERIAL_UNKNOWN: Final = 0xFFFF
"""A client that has not seen the site record yet (handle-protocol.md §2)."""

REQUEST_ID_UNKNOWN: Final = 0xFFFFFFFF
"""Request id in answers to messages that could not be decoded (handle-server-observed.md §3)."""

NONCE_BYTES: Final = 16
"""handle-protocol.md §5."""

LIST_HANDLES_MAX: Final = 50
"""Most handles in one message of a listing (handle-protocol.md §5.1)."""

MAJOR_VERSION_MAX: Final = 5
"""Envelopes above are not ours: 3.0 is answered, "5.x" is a mislabelled 2.0, 255 gets no answer
(handle-protocol.md §1.1, handle-server-observed.md §3)."""

BEST_VERSION: Final = (2, 11)
"""The highest version this node speaks (handle-protocol.md §1.5)."""

ROOT_HANDLE: Final = b"/"
"""What requests without a subject carry as their handle (handle-protocol.md §5)."""

CREDENTIAL_NONE: Final = b"\0\0\0\0"
"""The credential section of an unsigned message (handle-protocol.md §4)."""


class OpCode(IntEnum):
    """Operations (handle-protocol.md §2.2)."""

    RESERVED = 0
    RESOLUTION = 1
    GET_SITE_INFO = 2
    CREATE_HANDLE = 100
    DELETE_HANDLE = 101
    ADD_VALUES = 102
    REMOVE_VALUES = 103
    MODIFY_VALUES = 104
    LIST_HANDLES = 105
    LIST_DERIVED_PREFIXES = 106
    CHALLENGE_ANSWER = 200
    VERIFY_CHALLENGE = 201
    HOME_PREFIX = 300
    UNHOME_PREFIX = 301
    LIST_HOMED_PREFIXES = 302
    SESSION_SETUP = 400
    SESSION_TERMINATE = 401
    SESSION_KEY_EXCHANGE = 402
    GET_NEXT_TXN_ID = 1000
    RETRIEVE_TXN_LOG = 1001
    DUMP_HANDLES = 1002
    BACKUP_SERVER = 1003
    LOGIN_PASSWORD = 2000
    LOGIN_ID_SYSTEM = 2001


class ResponseCode(IntEnum):
    """Outcomes (handle-protocol.md §2.3)."""

    SUCCESS = 1
    ERROR = 2
    SERVER_BUSY = 3
    PROTOCOL_ERROR = 4
    OPERATION_NOT_SUPPORTED = 5
    RECURSION_COUNT_TOO_HIGH = 6
    SERVER_BACKUP = 7
    HANDLE_NOT_FOUND = 100
    HANDLE_EXISTS = 101
    INVALID_HANDLE = 102
    VALUES_NOT_FOUND = 200
    VALUE_EXISTS = 201
    INVALID_VALUE = 202
    OUT_OF_DATE_SITE_INFO = 300
    SERVER_NOT_RESPONSIBLE = 301
    SERVICE_REFERRAL = 302
    PREFIX_REFERRAL = 303
    INVALID_ADMIN = 400
    INSUFFICIENT_PERMISSIONS = 401
    AUTHENTICATION_NEEDED = 402
    AUTHENTICATION_FAILED = 403
    INVALID_CREDENTIAL = 404
    AUTHENTICATION_TIMEOUT = 405
    AUTHENTICATION_ERROR = 406
    REPEATED_LOGIN = 407
    LOGIN_NEEDED = 408
    SESSION_TIMEOUT = 500
    SESSION_FAILED = 501
    INVALID_SESSION_KEY = 502
    NEED_RSA_KEY = 503
    INVALID_SESSION_SETUP = 504
    SESSION_MESSAGE_REJECTED = 505
    CHANNEL_ERROR = 601
    CHANNEL_TIMEOUT = 602
    DAILY_LIMIT = 603
    REGISTER_LIMIT = 604
    PREFIX_LIMIT = 605
    VERIFY_CREDENTIAL_FAILED = 3001


class OpFlag:
    """Bits of a message header's ``opFlags`` (handle-protocol.md §2.1)."""

    AUTHORITATIVE: Final = 0x80000000
    CERTIFY: Final = 0x40000000
    ENCRYPT: Final = 0x20000000
    RECURSIVE: Final = 0x10000000
    CACHE_CERTIFY: Final = 0x08000000
    CONTINUOUS: Final = 0x04000000
    KEEP_ALIVE: Final = 0x02000000
    PUBLIC_ONLY: Final = 0x01000000
    REQUEST_DIGEST: Final = 0x00800000
    OVERWRITE: Final = 0x00400000
    MINT_SUFFIX: Final = 0x00200000
    DO_NOT_REFER: Final = 0x00100000
    RECURSIVE_AUTHORIZATION: Final = 0x00000004
    TRUSTED_QUERY: Final = 0x00000002
    TRUSTED_RESULT: Final = 0x00000001


class EnvelopeFlag:
    """Top bits of an envelope's third byte, in place (handle-protocol.md §1.1)."""

    COMPRESSED: Final = 0x80
    ENCRYPTED: Final = 0x40
    TRUNCATED: Final = 0x20


class DigestAlgorithm:
    """Leading byte of a digest of a request (handle-protocol.md §5)."""

    MD5: Final = 1
    SHA1: Final = 2
    SHA256: Final = 3


class SecretAnswer:
    """Leading byte of an answer made with a secret key (handle-protocol.md §6.1)."""

    MD5: Final = 0x01
    SHA1: Final = 0x02
    SHA256: Final = 0x03
    HMAC_SHA1: Final = 0x12
    HMAC_SHA256: Final = 0x13
    PBKDF2_HMAC_SHA1: Final = 0x22


class InterfaceType:
    """Describes what a server's interface is for (handle-protocol.md §3.4)."""

    DISABLED: Final = 0
    ADMIN: Final = 1
    QUERY: Final = 2
    BOTH: Final = 3


class Transport:
    """Protocol of a server's interface (handle-protocol.md §3.4)."""

    UDP: Final = 0
    TCP: Final = 1
    HTTP: Final = 2
    HTTPS: Final = 3


class KeyExchange:
    """Mode of a session set-up (handle-protocol.md §7)."""

    NONE: Final = 0
    CLIENT_CIPHER: Final = 1
    SERVER_CIPHER: Final = 2
    HANDLE_CIPHER: Final = 3
    DIFFIE_HELLMAN: Final = 4


class SessionCipher:
    """Algorithm code of a session key (handle-protocol.md §7)."""

    DES: Final = 1
    TRIPLE_DES: Final = 2
    AES: Final = 3
    SM4: Final = 4


_OP_NAMES: Final = {int(code): code.name.lower() for code in OpCode}
_RESPONSE_NAMES: Final = {int(code): code.name.lower() for code in ResponseCode}


def name_of_op(code: int) -> str:
    """Return the operation's name (``resolution``), or ``op-999`` for a code without one."""
    return _OP_NAMES.get(code) or f"op-{code}"


def name_of_response(code: int) -> str:
    """Return the code's name (``handle_not_found``), or ``rc-999`` for a code without one."""
    return _RESPONSE_NAMES.get(code) or f"rc-{code}"
