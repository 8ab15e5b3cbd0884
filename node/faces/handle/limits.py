"""Bounds of the binary faces, with unit, reason, and what the peer is told when one is hit."""

from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.wire.constants import MESSAGE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class TcpLimits:
    """Bounds of the TCP face.

    A connection over ``connections_max`` is closed at once, without a
    byte. One on which no whole request
    came for ``idle_seconds`` is closed; the protocol's clients count on at least 120 (handle-protocol.md
    §1.4). Of one connection at most ``requests_max`` requests wait for later answers and at most
    ``output_bytes_max`` bytes of answers wait to be sent (and one answer more): beyond either the node stops
    reading until the peer, or the register, has caught up. A peer whose stream was refused is still read, and
    ignored, for ``linger_seconds``. Silence is looked for every ``sweep_seconds``. A connection gives way to others after
    ``requests_per_turn`` requests. With ``one_answer`` it ends after its first answer, as the reference
    server's do (handle-protocol.md §1.4).
    """

    connections_max: int = 4096
    idle_seconds: float = 180.0
    linger_seconds: float = 5.0
    sweep_seconds: float = 15.0
    requests_max: int = 256
    requests_per_turn: int = 256
    output_bytes_max: int = 1 << 20
    message_bytes_max: int = MESSAGE_BYTES_MAX
    one_answer: bool = False


@dataclass(frozen=True, slots=True)
class UdpLimits:
    """Bounds of the UDP face.

    Incomplete messages: at most ``messages_max`` and ``message_bytes`` in all, the oldest gives way. Answers
    kept for replay: ``replay_seconds`` long, at most ``replays_max`` and ``replay_bytes_max`` in all, the
    oldest gives way. Sources can be forged, so of an answer over ``answer_bytes_max`` only the first datagram
    goes, marked TRUNCATED, and a network of sources off loopback gets ``answers_per_second`` (0: any number).
    """

    answer_bytes_max: int = 4096
    answers_per_second: int = 0

    messages_max: int = 1024
    message_bytes: int = 8 << 20
    message_bytes_max: int = MESSAGE_BYTES_MAX
    replay_seconds: float = 30.0
    replays_max: int = 10_000
    replay_bytes_max: int = 8 << 20


IDLE_SECONDS_MIN: Final = 120
"""Shortest idle time-out that deployed clients count on."""

assert TcpLimits().idle_seconds >= IDLE_SECONDS_MIN
assert TcpLimits().output_bytes_max >= MESSAGE_BYTES_MAX
