"""Tasks of the Handle protocol, done by the reference client."""

import secrets
import time

from tests.conformance.conform.reference.transport import (
    Malformed,
    Reply,
    Transport,
    Unanswered,
)

from idnode.clients.dialogues import Administrator, open_session
from idnode.clients.identity import KeyIdentity, SecretIdentity
from idnode.registry.handle.clock import SystemClock
from idnode.registry.handle.crypto import sm2, sm2_private
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.names import fold
from idnode.registry.handle.proofs.signatures import encode_proof
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.types.hs_site import decode_site
from idnode.registry.handle.values import pack, unpack
from idnode.registry.handle.wire import administration as bodies
from idnode.registry.handle.wire.challenge import (
    PUBLIC_KEY,
    ChallengeAnswer,
    decode_challenge,
    encode_answer,
)
from idnode.registry.handle.wire.constants import OpCode, OpFlag
from idnode.registry.handle.wire.digest import digest_of, split_digest
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.message import Message, encode_message
from idnode.registry.handle.wire.referral import decode_referral
from idnode.registry.handle.wire.resolution import Query, decode_answer, encode_query
from idnode.registry.handle.wire.versions import version_of

CLOCK = SystemClock()
FLAGS = OpFlag.RECURSIVE | OpFlag.CACHE_CERTIFY | OpFlag.PUBLIC_ONLY
BUSY = (3, 7)
KINDS = {100: "not_found", 101: "exists", 200: "values_not_found", 302: "referral", 303: "referral"}
KINDS |= {3: "busy", 7: "busy", 402: "authentication", 403: "authentication"}
REFERRALS_MAX = 8
ATTEMPTS = 3
PAUSE_SECONDS = 0.01


class Refused(Exception):
    """The server answered with another code than success."""

    def __init__(self, code):
        super().__init__(f"response code {code}")
        self.kind = KINDS.get(code, "refused")


class HandleTask:
    """Does one task, right or wrong in one way."""

    def __init__(self, task, wrong):
        self.task = task
        self.wrong = wrong
        self.server = task["host"], task["port"]
        self.udp = task["face"] == "handle_udp"
        self.transport = Transport(wrong)
        self.session = None

    def do(self):
        operation = self.task["operation"]
        try:
            return {"outcome": "ok", **getattr(self, operation)()}
        except (Refused, Unanswered, Malformed, OSError, ProtocolError, RegistryError) as error:
            if self.wrong == "swallow-damage" and isinstance(error, (Malformed, ProtocolError)):
                return {"outcome": "ok", "values": []}
            kind = getattr(error, "kind", None) or (
                "unanswered" if isinstance(error, (Unanswered, OSError)) else "malformed"
            )
            return {"outcome": "error", "kind": kind, "message": str(error)}
        finally:
            self.transport.close()

    # One exchange

    def encoded(self, op_code, body, flags):
        expiration = 0 if self.wrong == "expired" else int(CLOCK.now()) + 43_200
        wire = encode_message(Message(op_code, 0, flags, 0xFFFF, 0, expiration, body))
        if self.wrong == "broken-length":
            length = int.from_bytes(wire[20:24], "big") + 1_000
            wire = wire[:20] + length.to_bytes(4, "big") + wire[24:]
        return wire

    def ask(self, server, handle, op_code, body, flags=0):
        """Return the reply to a question, over UDP first where the task says so."""
        message = self.encoded(op_code, body, flags)
        if self.udp:
            reply = self.transport.over_udp(server, handle, message)
            if reply is not None:
                return reply
        return self.transport.over_tcp(server, handle, message)

    # Resolving

    def resolve(self):
        return {"values": self.values_of(self.task["handle"])}

    def resolve_each(self):
        return {"records": [self.values_of(handle) for handle in self.task["handles"]]}

    def values_of(self, handle):
        name = handle.encode()
        types = tuple(each.encode() for each in self.task.get("types", ()))
        indexes = tuple(self.task.get("indexes", ()))
        if self.wrong == "ignores-filter":
            types, indexes = (), ()
        body = encode_query(Query(name, indexes, types))
        message = self.answer(name, body)
        code = message.response_code
        if code != 1:
            return self.without_answer(code)
        content = split_digest(message.body, message.op_flags)[1]
        answered, packed = decode_answer(content)
        if fold(answered) != fold(name):
            raise Malformed("an answer about another handle")
        values = [each for each in unpack(packed) if each.type != "HS_ADMIN"]
        if self.wrong == "first-value-only":
            values = values[:1]
        coding = "latin-1" if self.wrong == "latin-1" else "utf-8"
        return [
            {"index": each.index, "type": each.type, "data": each.data.decode(coding, "replace")}
            for each in values
        ]

    def without_answer(self, code):
        if code == 100 and self.wrong == "not-found-is-empty":
            return []
        if code not in KINDS and code > 500 and self.wrong == "unknown-is-ok":
            return []
        if code == 200 and self.wrong == "values-not-found-is-not-found":
            raise Refused(100)
        if code == 402 and self.wrong == "authentication-is-not-found":
            raise Refused(100)
        raise Refused(code)

    def answer(self, name, body):
        server, followed, attempts = self.server, 0, 0
        while True:
            message = self.ask(server, name, OpCode.RESOLUTION, body, FLAGS).message
            code = message.response_code
            if code in BUSY and self.wrong != "no-busy-retry":
                attempts += 1
                if attempts < (40 if self.wrong == "endless-busy" else ATTEMPTS):
                    time.sleep(PAUSE_SECONDS)
                    continue
            if code in {302, 303} and self.wrong != "no-referral":
                followed += 1
                if followed <= (40 if self.wrong == "endless-referral" else REFERRALS_MAX):
                    server = self.referred(message)
                    continue
            return message

    def referred(self, message):
        found = decode_referral(split_digest(message.body, message.op_flags)[1])
        for value in unpack(found.values or b"\0\0\0\0"):
            if value.type == "HS_SITE":
                server = decode_site(value.data).servers[0]
                return server.host, server.interfaces[0].port
        raise Malformed("a referral to nowhere")

    # Administration

    def identity(self):
        who = self.task["credentials"]
        handle = who["handle"].encode()
        if "private_key" in who:
            return KeyIdentity.from_pem(handle, who["index"], who["private_key"].encode())
        return SecretIdentity(handle, who["index"], who["secret"].encode())

    def proof(self, challenge, version):
        identity = self.identity()
        if self.wrong == "sm2-user-of-others" and isinstance(identity, KeyIdentity):
            signature = sm2_private.sign(
                identity.key,
                sm2.sm3(challenge.proven),
                b"somebody else",
                secrets.randbelow(sm2.ORDER - 1) + 1,
            )
            proven = encode_proof("SM3", signature)
            return encode_answer(
                ChallengeAnswer(PUBLIC_KEY, identity.handle, identity.index, proven)
            )
        return identity.answer(challenge, version)

    def administer(self, op_code, body, flags=0):
        """Return the reply to an administrator's request, its challenge answered."""
        name = self.task["handle"].encode()
        message = self.encoded(op_code, body, flags)
        if self.wrong == "administers-over-udp":
            self.transport.over_udp(self.server, name, message)
        session = self.session
        reply = self.transport.over_tcp(
            self.server, name, message, session=session, repeatable=False
        )
        if reply.message.response_code != 402 or self.wrong == "no-proof":
            return reply
        challenge = decode_challenge(reply.message.body, reply.message.op_flags)
        signed = message[:-4]
        own = challenge.digest and digest_of(signed, challenge.digest.algorithm)
        if own != challenge.digest and self.wrong != "signs-anything":
            raise Malformed("a challenge for another request")
        answer = self.encoded(
            OpCode.CHALLENGE_ANSWER, self.proof(challenge, version_of(reply.envelope)), 0
        )
        number = 0 if self.wrong == "session-zero" else reply.envelope.session_id
        return self.transport.over_tcp(
            self.server, name, answer, session=session, session_id=number, repeatable=False
        )

    def write(self, op_code, body, flags=0):
        reply = self.administer(op_code, body, flags)
        if reply.message.response_code != 1 and self.wrong != "writes-always-ok":
            raise Refused(reply.message.response_code)
        return {}

    def create(self):
        return self.create_each()

    def create_each(self):
        if self.task.get("session"):
            self.open_session()
        for handle in self.task["handles"]:
            self.create_one(handle)
        return {}

    def create_one(self, handle):
        flags = OpFlag.OVERWRITE if self.wrong == "always-overwrites" else 0
        for attempt in range(ATTEMPTS):
            try:
                self.write(OpCode.CREATE_HANDLE, self.record(handle), flags)
            except Unanswered:
                if self.wrong == "renames":
                    handle += "-2"
                elif attempt + 1 == ATTEMPTS:
                    raise
                elif self.is_there(handle):
                    return
            else:
                return
        raise Unanswered("no answer")

    def is_there(self, handle):
        body = encode_query(Query(handle.encode(), (), ()))
        message = self.encoded(OpCode.RESOLUTION, body, FLAGS)
        return (
            self.transport.over_tcp(self.server, handle.encode(), message).message.response_code
            == 1
        )

    def record(self, handle):
        prefix = f"0.NA/{handle.partition('/')[0]}".encode()
        admin = HandleValue(100, "HS_ADMIN", encode_admin(AdminValue(Right.ALL, prefix, 200)))
        return bodies.encode_record(handle.encode(), pack([*self.given(), admin]))

    def given(self):
        return [
            HandleValue(each["index"], each["type"], each["data"].encode())
            for each in self.task["values"]
        ]

    def open_session(self):
        administrator = Administrator(self.identity())
        steps = open_session(administrator)
        step = next(steps)
        while True:
            reply = self.transport.over_tcp(
                self.server, b"", self.encoded(step.op_code, step.body, step.op_flags)
            )
            try:
                step = steps.send(_server_reply(reply))
            except StopIteration as opened:
                self.session = opened.value
                return

    def modify(self):
        if self.wrong == "replaces-all":
            return self.write(
                OpCode.CREATE_HANDLE, self.record(self.task["handle"]), OpFlag.OVERWRITE
            )
        body = bodies.encode_record(self.task["handle"].encode(), pack(self.given()))
        return self.write(OpCode.MODIFY_VALUES, body)

    def add(self):
        if self.wrong == "replaces-all":
            return self.modify()
        body = bodies.encode_record(self.task["handle"].encode(), pack(self.given()))
        return self.write(OpCode.ADD_VALUES, body)

    def remove(self):
        name = self.task["handle"].encode()
        if self.wrong == "removes-all":
            return self.write(OpCode.DELETE_HANDLE, bodies.encode_handle(name))
        return self.write(OpCode.REMOVE_VALUES, bodies.encode_removal(name, self.task["indexes"]))

    def delete(self):
        if self.wrong == "says-done":
            self.is_there(self.task["handle"])
            return {}
        return self.write(OpCode.DELETE_HANDLE, bodies.encode_handle(self.task["handle"].encode()))

    def list(self):
        reply = self.administer(
            OpCode.LIST_HANDLES, bodies.encode_handle(self.task["handle"].encode())
        )
        if reply.message.response_code != 1:
            raise Refused(reply.message.response_code)
        found = []
        for message in reply.messages:
            content = split_digest(message.body, message.op_flags)[1]
            found += [each.decode() for each in bodies.decode_handle_list(content)]
        return {"handles": found}


def _server_reply(reply: Reply):
    """Return a reply in the form that dialogues take."""
    reply.request = b""
    return reply
