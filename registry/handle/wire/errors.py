"""Describes what may be wrong with bytes from a peer.

Leaves say what happened and carry the facts; which response code and text they become is
decided by one table elsewhere. Three branches tell how much of the message can still be
trusted: nothing (`MalformedEnvelope`), the envelope (`MalformedMessage`), envelope and header
(`MalformedBody`).
"""


class ProtocolError(Exception):
    """Root of everything that the codec raises about bytes; nothing else leaves it (but see below).

    `idnode.registry.errors.InvalidHandle` and `idnode.registry.errors.InvalidValue` leave it where the data
    model speaks.
    """


class MalformedEnvelope(ProtocolError):
    """The envelope is unusable: not even the request id can be trusted."""


class EnvelopeTooShort(MalformedEnvelope):
    """Fewer bytes than an envelope has (handle-protocol.md §1.1)."""

    def __init__(self, received: int) -> None:
        super().__init__(f"Expecting an envelope of 20 bytes, only received {received}")
        self.received = received


class UnsupportedVersion(MalformedEnvelope):
    """The version is none of this protocol, e.g. 255.255 or another protocol's text."""

    def __init__(self, major: int, minor: int) -> None:
        super().__init__(f"Unsupported protocol version {major}.{minor}")
        self.major = major
        self.minor = minor


class MessageTooLarge(MalformedEnvelope):
    """The envelope announces more bytes than are accepted (handle-protocol.md §1.2)."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"Message of {length} bytes is over the limit of {limit}")
        self.length = length
        self.limit = limit


class MalformedMessage(ProtocolError):
    """The envelope is good, the message header is not."""


class MessageIncomplete(MalformedMessage):
    """The peer stopped before the announced end of the message."""

    def __init__(self, expected: int, received: int) -> None:
        super().__init__(f"Expecting {expected} bytes, only received {received}")
        self.expected = expected
        self.received = received


class MessageTooShort(MalformedMessage):
    """The message has fewer bytes than its header (handle-protocol.md §2)."""

    def __init__(self, length: int) -> None:
        super().__init__("Invalid message length")
        self.length = length


class BodyTooLong(MalformedMessage):
    """The header announces a longer body than the message holds."""

    def __init__(self, declared: int, available: int) -> None:
        super().__init__(f"Body of {declared} bytes announced, {available} are there")
        self.declared = declared
        self.available = available


class CredentialTooLong(MalformedMessage):
    """A longer credential section is announced than the message holds (handle-protocol.md §4)."""

    def __init__(self, declared: int, available: int) -> None:
        super().__init__(f"Credential of {declared} bytes announced, {available} are there")
        self.declared = declared
        self.available = available


class FragmentsInconsistent(MalformedMessage):
    """Datagrams of one message contradict each other; what was collected is dropped."""

    def __init__(self, request_id: int, reason: str) -> None:
        super().__init__(f"Datagrams of request {request_id:#010x} contradict each other: {reason}")
        self.request_id = request_id
        self.reason = reason


class MalformedBody(ProtocolError):
    """Envelope and header are good, the body (or credential, or value data) is not."""


class FieldTooShort(MalformedBody):
    """A field reaches past the end of what it lies in."""

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(f"Field of {needed} bytes announced, {available} are left")
        self.needed = needed
        self.available = available


class CountTooLarge(MalformedBody):
    """A list announces more items than the bytes left could hold (negative counts do)."""

    def __init__(self, count: int, possible: int) -> None:
        super().__init__(f"List of {count} items announced, at most {possible} can follow")
        self.count = count
        self.possible = possible


class UnexpectedBytes(MalformedBody):
    """Bytes follow where a structure must end."""

    def __init__(self, extra: int) -> None:
        super().__init__(f"{extra} unexpected bytes follow")
        self.extra = extra


class UnknownForm(MalformedBody):
    """A tag, version or algorithm that selects the layout of what follows is not known."""

    def __init__(self, what: str, tag: object) -> None:
        super().__init__(f"Unknown {what}: {tag!r}")
        self.what = what
        self.tag = tag


class LimitExceeded(MalformedBody):
    """A peer asks for more work or room than one request may cost."""

    def __init__(self, what: str, value: int, limit: int) -> None:
        super().__init__(f"{what} of {value} is over the limit of {limit}")
        self.what = what
        self.value = value
        self.limit = limit


class MalformedKey(MalformedBody):
    """A public key has a known form but no usable content."""


class UndecipherableMessage(MalformedMessage):
    """A message does not decrypt with its session's key (handle-protocol.md §7)."""


class EncodingError(ProtocolError):
    """Our own caller passed a field that its place cannot hold; no peer can cause it."""
