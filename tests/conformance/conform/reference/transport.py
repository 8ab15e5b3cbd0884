"""Datagrams and streams of the reference client, and what can go wrong with them."""

import secrets
import socket
import zlib

from idnode.registry.handle.clock import SystemClock
from idnode.registry.handle.wire.constants import ENVELOPE_BYTES, OpFlag
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.message import decode_message, encode_message

CLOCK = SystemClock()
SENDS_AT = (0.0, 0.08, 0.2)
UDP_SECONDS = 1.0
STREAM_SECONDS = 2.0
BIG_BYTES = 64_000
WHOLE_OVER_UDP_BYTES = 4_096


class Unanswered(Exception):
    """No usable answer came."""


class Malformed(Exception):
    """What came breaks the protocol."""


class Reply:
    """Messages of one answer, and the envelope of the first."""

    def __init__(self, envelope, messages):
        self.envelope = envelope
        self.messages = messages
        self.message = messages[0]


class Transport:
    """Asks one server; remembers its sockets."""

    def __init__(self, wrong):
        self.wrong = wrong
        self._datagrams = {}
        self._streams = {}
        self._left = b""

    def close(self):
        for each in (*self._datagrams.values(), *self._streams.values()):
            each.close()

    def envelope(self, request_id, length, session_id=0):
        major = 3 if self.wrong == "version-3" else 2
        return Envelope(major, 11, 0, 2, 11, session_id, request_id, 0, length)

    def request_id(self, handle):
        if self.wrong == "one-id-per-handle":
            return zlib.crc32(handle)
        return secrets.randbits(31) + 1

    # UDP

    def over_udp(self, server, handle, message):
        """Return the reply, or None if TCP is to be asked."""
        endpoint = self._datagrams.get(server)
        if endpoint is None:
            endpoint = self._datagrams[server] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            endpoint.connect(server)
        if self.wrong == "any-request-id":
            _drained(endpoint)
        ids = [self.request_id(handle)]
        began = CLOCK.elapsed()
        sends = list(self._sends())
        parts = {}
        while sends or CLOCK.elapsed() - began < UDP_SECONDS:
            if sends and CLOCK.elapsed() - began >= sends[0]:
                if self.wrong == "takes-what-came" and parts:
                    return self._padded(parts)
                sends.pop(0)
                if (
                    self.wrong == "fresh-id-on-resend"
                    and len(ids) < len(SENDS_AT)
                    and sends != self._sends()[1:]
                ):
                    ids.append(self.request_id(handle))
                endpoint.send(self.envelope(ids[-1], len(message)).encode() + message)
            until = sends[0] if sends else UDP_SECONDS
            endpoint.settimeout(max(until - (CLOCK.elapsed() - began), 0.001))
            try:
                datagram = endpoint.recv(8_192)
            except TimeoutError:
                continue
            except OSError:
                break
            found = self._took(datagram, ids, parts)
            if found is not None:
                return found or None
        if self.wrong == "no-resend":
            raise Unanswered("no answer")
        return None

    def _sends(self):
        if self.wrong == "no-resend":
            return SENDS_AT[:1]
        if self.wrong == "endless-resend":
            return tuple(number / 100 for number in range(40))
        return SENDS_AT

    def _took(self, datagram, ids, parts):
        """Return a reply, False if TCP is to be asked, None if more has to come."""
        try:
            envelope = decode_envelope(datagram)
        except ProtocolError:
            return None
        if envelope.request_id not in ids and self.wrong != "any-request-id":
            if self.wrong == "stray-is-error":
                raise Malformed("an answer that nobody asked for")
            return None
        self._insist_on_version(envelope)
        total = envelope.message_length
        if total > WHOLE_OVER_UDP_BYTES:
            if self.wrong == "no-tcp":
                raise Malformed("the answer is too long")
            return False
        payload = datagram[ENVELOPE_BYTES:]
        if self.wrong == "one-datagram":
            return self._decoded(envelope, payload)
        place = len(parts) if self.wrong == "arrival-order" else envelope.sequence
        parts[place] = payload
        parts["total"] = total
        parts["envelope"] = envelope
        pieces = [parts[key] for key in sorted(key for key in parts if isinstance(key, int))]
        if self.wrong == "arrival-order":
            pieces = [value for key, value in parts.items() if isinstance(key, int)]
        if sum(map(len, pieces)) < total:
            return None
        try:
            return self._decoded(envelope, b"".join(pieces)[:total])
        except Malformed:
            if self.wrong == "arrival-order":
                raise
            parts.clear()
            return None

    def _padded(self, parts):
        total, pieces = parts["total"], {k: v for k, v in parts.items() if isinstance(k, int)}
        joined = b"".join(pieces.get(number, b"?" * 492) for number in range(-(-total // 492)))
        return self._decoded(parts["envelope"], joined[:total])

    def _decoded(self, envelope, data):
        try:
            message = decode_message(data)
        except ProtocolError as error:
            raise Malformed(str(error)) from error
        return Reply(envelope, [message])

    def _insist_on_version(self, envelope):
        if self.wrong == "exact-version" and (envelope.major, envelope.minor) != (2, 11):
            raise Malformed("the answer has another version")

    # TCP

    def over_tcp(self, server, handle, message, *, session=None, session_id=0, repeatable=True):
        """Return the reply; a question is asked again over another connection, once."""
        for attempt in (0, 1):
            fresh = server not in self._streams
            try:
                return self._once(server, handle, message, session, session_id)
            except OSError as error:
                self._drop(server)
                last = attempt or not repeatable
                last = last or self.wrong == ("no-second-try" if fresh else "one-connection")
                if last or isinstance(error, TimeoutError):
                    raise Unanswered(str(error)) from error
        raise AssertionError

    def _drop(self, server):
        stream = self._streams.pop(server, None)
        if stream is not None:
            stream.close()

    def _once(self, server, handle, message, session, session_id):
        stream = self._streams.get(server)
        if stream is not None and self.wrong != "one-connection" and _has_ended(stream):
            self._drop(server)
            stream = None
        if stream is None:
            stream = self._streams[server] = socket.create_connection(server, STREAM_SECONDS)
        stream.settimeout(STREAM_SECONDS)
        request_id = self.request_id(handle)
        envelope = self.envelope(request_id, len(message), session_id)
        if session is not None:
            envelope.session_id = session.number
            if self.wrong != "session-without-mac":
                envelope.flags, message = session.seal(envelope, message)
                envelope.message_length = len(message)
        stream.sendall(envelope.encode() + message)
        return self._read(stream, request_id, session, envelope, message)

    def _read(self, stream, request_id, session, sent, message):
        messages, first = [], None
        deadline = CLOCK.elapsed() + STREAM_SECONDS
        impatient = self.wrong == "impatient" and int.from_bytes(message[:4], "big") == 100
        stream.settimeout(0.12 if impatient else STREAM_SECONDS)
        while CLOCK.elapsed() < deadline:
            try:
                envelope, data = self._message(stream)
            except TimeoutError:
                if not impatient:
                    raise
                impatient = False
                stream.settimeout(STREAM_SECONDS)
                with socket.create_connection(stream.getpeername(), STREAM_SECONDS) as second:
                    second.settimeout(STREAM_SECONDS)
                    sent.request_id = self.request_id(b"")
                    second.sendall(sent.encode() + message)
                    self._message(second)
                continue
            if envelope.request_id != request_id and self.wrong != "any-request-id":
                continue
            other = session is not None and envelope.session_id != session.number
            if other and self.wrong != "any-session":
                continue
            self._insist_on_version(envelope)
            first = first or envelope
            messages.append(self._decoded(envelope, data).message)
            more = messages[-1].op_flags & OpFlag.CONTINUOUS
            if not more or self.wrong == "first-message-only":
                if self.wrong == "first-message-only" and more:
                    for server in list(self._streams):
                        self._drop(server)
                return Reply(first, messages)
        raise TimeoutError("no answer with this request id")

    def _message(self, stream):
        if self.wrong == "one-read":
            data = self._left or stream.recv(65_536)
            if not data:
                raise ConnectionError("closed")
            try:
                envelope = decode_envelope(data)
            except ProtocolError as error:
                raise Malformed(str(error)) from error
            if len(data) < ENVELOPE_BYTES + envelope.message_length <= BIG_BYTES:
                raise Malformed("one read was no message")
            end = ENVELOPE_BYTES + envelope.message_length
            self._left = data[end:]
            return envelope, data[ENVELOPE_BYTES:end] + _exactly(stream, max(0, end - len(data)))
        envelope = decode_envelope(_exactly(stream, ENVELOPE_BYTES))
        if self.wrong == "small-buffer" and envelope.message_length > BIG_BYTES:
            raise Malformed("the answer is too long")
        return envelope, _exactly(stream, envelope.message_length)


def _drained(endpoint):
    endpoint.setblocking(False)
    try:
        while endpoint.recv(8_192):
            pass
    except BlockingIOError:
        return


def _has_ended(stream):
    stream.setblocking(False)
    try:
        return stream.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _exactly(stream, count):
    data = bytearray()
    while len(data) < count:
        piece = stream.recv(min(65_536, count - len(data)))
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return bytes(data)


__all__ = ["Malformed", "Reply", "Transport", "Unanswered", "encode_message"]
