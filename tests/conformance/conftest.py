"""The lab of handle-server-observed.md §1 as a node of ours: its identities, its records, its clock."""

import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from idnode.node.service.handle.handle_protocol import HandleProtocol, HandleServices
from idnode.node.service.handle.response import Responses
from idnode.node.service.handle.sessions import Session
from idnode.node.service.identifiers.authority import Authority
from idnode.node.service.identifiers.credentials import Credentials, Identity
from idnode.node.service.identifiers.permissions import Permissions
from idnode.node.service.identifiers.registrar import Registrar
from idnode.node.service.identifiers.resolver import Resolver
from idnode.node.service.offload import Offload
from idnode.registry.embedded.options import Durability, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.handle import values
from idnode.registry.handle.clock import Clock
from idnode.registry.handle.proofs.secret_answer import make_proof
from idnode.registry.handle.proofs.signatures import encode_proof, sign
from idnode.registry.handle.types import hs_pubkey
from idnode.registry.handle.types.hs_admin import AdminValue, encode_admin
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist
from idnode.registry.handle.wire import administration, challenge, digest, session_setup
from idnode.registry.handle.wire.constants import ENVELOPE_BYTES, EnvelopeFlag
from idnode.registry.handle.wire.credential import (
    MAC,
    MessageCredential,
    decode_credential,
    encode_credential,
)
from idnode.registry.handle.wire.envelope import decode_envelope
from idnode.registry.handle.wire.message import decode_message
from idnode.registry.handle.wire.resolution import decode_answer
from idnode.registry.handle.wire.versions import message_mac, negotiate
from idnode.registry.mutation import AddValues, Create, Delete

PREFIX = b"0.NA/88.118.8"
ADMIN = Identity(b"88.118.8/ADMIN", 301)
UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SECRETS = {
    b"88.118.8/ADMIN": b"admin-secret",
    b"88.118.8/USER1": b"user1-secret",
    b"88.118.8/USER2": b"user2-secret",
}


class LabClock(Clock):
    """Shows the time at which the request of the moment was captured."""

    at = 1_795_000_000.0

    def now(self):
        return self.at

    def elapsed(self):
        return self.at


def packed(*listed):
    return values.join(
        [
            values.pack_value(index, kind, data, timestamp=0, permissions=rest[0] if rest else 0x0E)
            for index, kind, data, *rest in listed
        ]
    )


def admin_value(reference=PREFIX, index=200):
    return (100, b"HS_ADMIN", encode_admin(AdminValue(0x0FFF, reference, index)))


def plain(number=1):
    return (
        admin_value(),
        (1, b"URL", b"https://id.example.com/p/%d" % number),
        (2, b"EMAIL", b"ops@example.com"),
    )


class Lab:
    """The node, and what is needed to say to it what was once said to the real server."""

    def __init__(self, register, authority, key, site_record):
        self.register = register
        self.clock = LabClock()
        self.key = key
        self.nodes_number = {}
        self.sessions = {}
        self.dh = {}
        permissions = Permissions(register, [ADMIN])
        self.responses = Responses(signing_key=key)
        self.offload = Offload()
        self.protocol = HandleProtocol(
            HandleServices(
                register,
                authority,
                permissions,
                Credentials(register),
                Registrar(register, authority, permissions, self.clock),
                Resolver(register, authority),
                self.responses,
                self.clock,
                self.offload,
                dict,
                site_record,
            )
        )
        self.receiver = self.protocol.receiver
        self.challenges = {}

    async def store(self, *mutations):
        for outcome in await self.register.submit(mutations):
            assert not isinstance(outcome, Exception), outcome

    async def prepare(self, exchange):
        """Do what was done, and not captured, before an exchange."""
        for mutation in UNCAPTURED.get(exchange.key, ()):
            await self.store(mutation)

    def session(self, number):
        """Return the session that the real server had under this number."""
        if number not in self.sessions:
            session = Session(self.protocol.sessions.free_number(), 3, bytes(16), ADMIN, 86_400)
            self.protocol.sessions.add(session, "lab")
            self.protocol.sessions.prove(session, ADMIN)
            self.sessions[number] = session
            self.nodes_number[number] = session.number
        return self.sessions[number]

    async def made_anew(self, exchange):
        """Return the packets of a request with proofs and codes that our node can check."""
        first = exchange.requests[0]
        if exchange.transport == "udp" or len(first) < ENVELOPE_BYTES + 24 or first[0] != 2:
            return exchange.requests
        envelope = decode_envelope(first)
        data = first[ENVELOPE_BYTES:]
        if envelope.flags & EnvelopeFlag.ENCRYPTED or len(data) != envelope.message_length:
            if envelope.session_id:
                envelope.session_id = self.session(envelope.session_id).number
            return [envelope.encode() + data]
        message = decode_message(data)
        self.clock.at = float(message.expiration - 43_200)
        number = envelope.session_id
        if message.op_code == 200:
            pending, version = self.challenges[number]
            envelope.session_id = self.nodes_number[number]
            data = self._proof(exchange, message, pending, version)
        elif message.credential:
            session = self.session(number)
            envelope.session_id = session.number
            counter = decode_credential(message.credential).counter
            algorithm, code = message_mac(envelope, message.signed, counter, session.key)
            section = encode_credential(MessageCredential(MAC, algorithm, code, counter))
            data = message.signed + len(section).to_bytes(4, "big") + section
        envelope.message_length = len(data)
        return [envelope.encode() + data]

    def _proof(self, exchange, message, pending, version):
        answer = challenge.decode_answer(message.body)
        if answer.type == challenge.PUBLIC_KEY:
            proof = encode_proof("SHA-256", sign(self.key, "SHA-256", pending.proven))
        else:
            secret = SECRETS.get(answer.handle, b"nobody")
            if "wrong-secret" in exchange.name:
                secret = b"wrong"
            proof = make_proof(secret, pending.proven, version, b"0123456789abcdef")
        answer = challenge.ChallengeAnswer(answer.type, answer.handle, answer.index, proof)
        body = challenge.encode_answer(answer)
        front = bytearray(message.signed[:24])
        front[20:24] = len(body).to_bytes(4, "big")
        return bytes(front) + body + bytes(4)

    def learn(self, exchange, ours):
        """Remember the numbers, nonces and keys of our answers by the numbers of the real ones."""
        if not ours or not exchange.answers[0]:
            return
        envelope, data = ours[0]
        real = decode_envelope(exchange.answers[0])
        if not envelope.session_id or envelope.flags & EnvelopeFlag.ENCRYPTED:
            return
        message = decode_message(data)
        self.nodes_number[real.session_id] = envelope.session_id
        if message.response_code == 402:
            pending = challenge.decode_challenge(message.body, message.op_flags)
            self.challenges[real.session_id] = pending, negotiate(envelope)
        elif message.op_code == 400:
            found = self.protocol.sessions.find(envelope.session_id)
            self.sessions[real.session_id] = found

    def comparable(self, message):
        """Return a body without what differs from run to run."""
        _, body = digest.split_digest(message.body, message.op_flags)
        code = message.response_code
        if code == 402:
            return ("challenge", message.body[:1], len(message.body))
        if code in {302, 303}:
            return ("referral", body[:4], undated(body[4:]))
        if code != 1:
            return body
        if message.op_code == 1:
            handle, found = decode_answer(body)
            return (handle, undated(found))
        if message.op_code in {105, 302}:
            listed = administration.decode_handle_list(body)
            return sorted(UUID.sub(b"UUID", handle).upper() for handle in listed)
        if message.op_code == 400:
            answer = session_setup.decode_session_answer(body)
            cipher, half = session_setup.decode_key_data(answer.data)
            peer = hs_pubkey.decode_public_key(half)
            return (answer.mode, cipher, peer.p, peer.g)
        return UUID.sub(b"UUID", body)

    def credential_of(self, message):
        """Return kind and algorithm of a message's credential."""
        if not message.credential:
            return None
        found = decode_credential(message.credential)
        return (found.type, found.algorithm, len(found.signature))


def undated(found):
    return [
        found[span.start : span.start + 4] + found[span.start + 8 : span.end]
        for span in values.spans(found)
    ]


UNCAPTURED = {
    ("handle-server.resolve.found.small.udp", 1): [Create(b"88.118.8/doc.small", packed(*plain()))],
    ("handle-server.add-value.exists.tcp", 1): [
        AddValues(b"88.118.8/doc.small", packed((3, b"DESC", b"added")))
    ],
    ("handle-server.session.reuse-delete.secretkey.tcp", 1): [
        Create(b"88.118.8/doc.sess1", packed(*plain()))
    ],
    ("handle-server.nosession.list-handles.pubkey.tcp", 1): [
        Create(b"88.118.8/doc.ns4", packed(*plain())),
    ],
    ("handle-server.nosession.create.user-without-permission.tcp", 1): [
        Create(b"88.118.8/USER2", packed(admin_value(), (301, b"HS_SECKEY", b"user2-secret", 0xC)))
    ],
    ("handle-server.nosession.delete.not-found.100.tcp", 1): [Delete(b"88.118.8/doc.ns1")],
    ("handle-server.raw.resolve.2.10", 1): [
        AddValues(b"88.118.8/doc.small", packed((9, b"DESC", b"u1"))),
    ],
}


@pytest.fixture
async def lab(tmp_path):
    """The lab, in the state in which it was when the capture began."""
    options = RegisterOptions(durability=Durability.NONE, segment_bytes=1 << 20)
    register = await EmbeddedRegister.open(tmp_path / "register", options)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    members = [Member(PREFIX, 300), Member(PREFIX, 301), Member(b"88.118.8/USER1", 301)]
    record = [
        (1, b"HS_SITE", b""),
        admin_value(),
        (200, b"HS_VLIST", encode_vlist(members)),
        (300, b"HS_PUBKEY", hs_pubkey.encode_public_key(key.public_key())),
        (301, b"HS_SECKEY", b"prefix-secret", 0x0C),
    ]
    made = [Create(PREFIX, packed(*record))]
    for handle in (b"88.118.8/ADMIN", b"88.118.8/USER1"):
        secret = (301, b"HS_SECKEY", SECRETS[handle], 0x0C)
        made.append(Create(handle, packed(admin_value(), secret)))
    await register.submit(made)
    built = Lab(register, await Authority.open(register), key, site_record())
    yield built
    await built.protocol.dispatch.drain()
    built.offload.close()
    await register.close()


def site_record():
    """Return the site record of the real server."""
    path = Path(__file__).parents[1] / "vectors" / "handle-server-wire.jsonl"
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if row["name"] == "handle-server.site-info.tcp" and row["direction"] == "response":
            return decode_message(bytes.fromhex(row["hex"])[ENVELOPE_BYTES:]).body
    raise AssertionError("no site record was captured")
