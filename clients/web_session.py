"""Signing in to the HTTP JSON API with a session: once, by a secret or a key that stays here (handle-http-api.md §7).

What is proven, the server's nonce followed by one of ours, and the proof itself are those of a challenge of the
binary protocol, written as fields of a header.
"""

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from idnode.clients.errors import AuthenticationFailed, MalformedAnswer
from idnode.clients.web_requests import Call, HttpResponse, read_object
from idnode.registry.handle.proofs.signatures import decode_proof
from idnode.registry.handle.wire.challenge import (
    SECRET_KEY,
    Challenge,
    ChallengeAnswer,
    decode_answer,
)
from idnode.registry.handle.wire.constants import BEST_VERSION, DigestAlgorithm, ResponseCode
from idnode.registry.handle.wire.cursor import Reader
from idnode.registry.handle.wire.digest import RequestDigest

if TYPE_CHECKING:
    from idnode.clients.identity import Identity

OPEN: Final = "/api/sessions"
THIS: Final = "/api/sessions/this"

_NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """A session in which nobody has signed in yet, and the nonce to prove it with."""

    session_id: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class WebSession:
    """A session in which somebody is signed in; whoever knows its id has the same rights."""

    session_id: str = field(repr=False)
    identity: str

    def authorization(self) -> str:
        """Return the ``Authorization`` header."""
        return f'Handle version="0", sessionId="{self.session_id}"'


def opening() -> Call[Opened]:
    """Return the call that opens a session."""
    return Call("POST", OPEN, _read_opened, authorization="")


def signing_in(opened: Opened, identity: "Identity") -> Call[WebSession]:
    """Return the call that proves an identity in a session; making it takes some milliseconds."""
    cnonce = secrets.token_bytes(_NONCE_BYTES)
    digest = RequestDigest(DigestAlgorithm.SHA256, cnonce)
    answer = decode_answer(identity.answer(Challenge(opened.nonce, digest), BEST_VERSION))
    fields = {
        "version": "0",
        "sessionId": opened.session_id,
        "cnonce": _text(cnonce),
        "id": quote(f"{answer.index}:".encode() + answer.handle, safe="/"),
        "type": answer.type.decode(),
        **_proof_fields(answer),
    }
    shown = ", ".join(f'{name}="{text}"' for name, text in fields.items())
    return Call("PUT", THIS, _read_signed_in, authorization=f"Handle {shown}")


def signing_out(session: WebSession) -> Call[None]:
    """Return the call that ends a session."""
    return Call("DELETE", THIS, _read_signed_out, authorization=session.authorization())


def _proof_fields(answer: ChallengeAnswer) -> dict[str, str]:
    if answer.type != SECRET_KEY:
        algorithm, signature = decode_proof(answer.proof)
        return {"alg": algorithm, "signature": _text(signature)}
    reader = Reader(answer.proof)
    reader.u1()
    salt, rounds, key_bits, mac = reader.string(), reader.i4(), reader.i4(), reader.string()
    return {
        "alg": "PBKDF2WithHmacSHA1",
        "salt": _text(salt),
        "iterations": str(rounds),
        "length": str(key_bits),
        "signature": _text(mac),
    }


def _read_opened(response: HttpResponse) -> Opened:
    found = _state(response, 201)
    try:
        return Opened(_id(found), b64decode(found.get("nonce", ""), validate=True))
    except (TypeError, ValueError) as error:
        raise MalformedAnswer("The session has no nonce") from error


def _read_signed_in(response: HttpResponse) -> WebSession:
    found = _state(response, 200)
    if found.get("authenticated") is not True:
        raise AuthenticationFailed(ResponseCode.AUTHENTICATION_FAILED)
    return WebSession(_id(found), str(found.get("id", "")))


def _read_signed_out(response: HttpResponse) -> None:
    if response.status != 204:
        _state(response, 204)


def _state(response: HttpResponse, status: int) -> dict[str, Any]:
    """Return the state of a session in an answer with this status.

    Raises:
        AuthenticationFailed: The proof was not accepted, the session is over, or sessions take HTTPS here.
        MalformedAnswer: Anything else.

    """
    if response.status == 403:
        message = "the session is over, or the server opens none without HTTPS"
        raise AuthenticationFailed(ResponseCode.AUTHENTICATION_FAILED, message)
    if response.status == 401:
        raise AuthenticationFailed(ResponseCode.AUTHENTICATION_FAILED, "identity not verified")
    if response.status != status:
        raise MalformedAnswer(f"HTTP status {response.status} instead of a session")
    return read_object(response)


def _id(found: dict[str, Any]) -> str:
    session_id = found.get("sessionId")
    if not isinstance(session_id, str) or not session_id.isascii() or '"' in session_id:
        raise MalformedAnswer("The session has no id")
    return session_id


def _text(data: bytes) -> str:
    return b64encode(data).decode()
