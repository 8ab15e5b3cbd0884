"""No secret gets into the journal, whatever way it came: passwords, tokens, digests, proofs, secret and private keys.

A marker stands where a secret would; afterwards it is looked for in every form in which the journal tells of the entry:
its data, its exports, its log line.
"""

import base64
import json

import msgpack
import orjson
from hypothesis import given
from hypothesis import strategies as st

from idnode.node.interceptors.actions import Send
from idnode.node.interceptors.exchange import Exchange, HttpAnswer, HttpRequest
from idnode.node.interceptors.journal.export import har, ndjson, pcapng
from idnode.node.interceptors.journal.recorder import ALL, Journal
from idnode.node.interceptors.journal.ring import Ring
from idnode.node.interceptors.rules.catalogue import Catalogue
from idnode.registry.handle.clock import SystemClock
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import encode_response

markers = st.text("abcdefghijkmnpqrstuvwxyz23456789", min_size=12, max_size=40).map("Zq".__add__)
names = st.sampled_from(
    (
        *("password", "passwd", "userPassword", "secret", "token", "access_token", "accessToken"),
        *("digest", "signature", "cnonce", "proof", "privateKey", "sessionId", "credential"),
    )
)
texts = st.text(max_size=12)


def wrapped(draw, name, marker):
    """Return JSON with a secret member somewhere inside."""
    found = {name: marker, "other": draw(texts)}
    for _ in range(draw(st.integers(0, 3))):
        found = draw(st.sampled_from([[found], {"inner": found}, {"data": [found, 1]}]))
    return found


OTHER_FORMS = ("pem", "pem member", "msgpack", "multipart", "fixtures", "template")


def other_body(form, name, marker):
    """Return content type and body of a secret in a form that is no JSON, or in a member with a harmless name."""
    pem = f"-----BEGIN PRIVATE KEY-----\n{marker}\n-----END PRIVATE KEY-----\n"
    match form:
        case "pem":
            return "text/plain", pem.encode()
        case "pem member":
            return "application/json", json.dumps({"note": pem}).encode()
        case "msgpack":
            item = ["88.900.1/x", [[300, "HS_SECKEY", marker.encode()]]]
            return "application/msgpack", msgpack.packb([item])
        case "multipart":
            part = (
                f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{marker}\r\n--b--\r\n'
            )
            return "multipart/form-data; boundary=b", part.encode()
        case "template":
            value = {"index": 2000, "idType": "HS_SECKEY", "data": marker}
            return "application/json", json.dumps({"value": [value]}).encode()
    return "application/toml", f'[[accounts]]\npassword = "{marker}"\n'.encode()


@st.composite
def bodies(draw):
    """Return content type, body and the secret in it."""
    name, marker = draw(names), draw(markers)
    form = draw(st.sampled_from(["json", "form", "broken", "value", "bulk", "list", *OTHER_FORMS]))
    if form == "form":
        return "application/x-www-form-urlencoded", f"a=1&{name}={marker}".encode(), marker
    if form == "value":
        value = {"index": 300, "type": draw(secret_types), "data": marker, "ttl": 86400}
        return "application/json", json.dumps([value]).encode(), marker
    if form == "list":
        data = {"format": "string", "value": marker}
        value = {"index": 300, "type": draw(secret_types), "data": data}
        return "application/json", json.dumps({"values": [value]}).encode(), marker
    if form == "bulk":
        item = ["88.900.1/x", [[300, draw(secret_types), marker]]]
        return "application/x-ndjson", json.dumps(item).encode() + b"\n", marker
    if form in OTHER_FORMS:
        return *other_body(form, name, marker), marker
    body = json.dumps(wrapped(draw, name, marker)).encode()
    if form == "broken":
        body = body[: draw(st.integers(len(body) // 2, len(body) - 1))]
    return "application/json", body, marker


secret_types = st.sampled_from(["HS_SECKEY", "hs_seckey", "HS_SECKEY.1"])
headers = st.sampled_from(
    ["Authorization", "authorization", "Cookie", "X-Auth-Token", "Set-Cookie"]
)
schemes = st.sampled_from(["Bearer ", "Basic ", "Handle ", "", "bearer  ", "Weird "])


def kept(exchange):
    """Return everything that the journal tells of an exchange."""
    journal = Journal(Ring(), SystemClock(), Catalogue().explain, mode=ALL)
    journal.reply(exchange, (Send(exchange.answer),))
    (entry,) = journal.ring
    data = orjson.dumps(entry.as_data())
    return data + ndjson([entry]) + har([entry], "1") + pcapng([entry]) + repr(entry.facts).encode()


@given(bodies(), headers, schemes, markers, st.booleans())
def test_nothing_of_http(sent, header, scheme, marker, answered):
    content_type, body, in_body = sent
    told = {"Content-Type": content_type, header: scheme + marker}
    target = f"/identity/token?access_token={marker}&x=1"
    request = HttpRequest("POST", target, told, b"" if answered else body)
    exchange = Exchange("snms", request, started=0.0, peer=("127.0.0.1", 9))
    answer_headers = (("Content-Type", content_type), ("Set-Cookie", f"sid={marker}"))
    exchange.answer = HttpAnswer(200, answer_headers, body if answered else b"{}")
    found = kept(exchange)
    for secret in (marker, in_body):
        assert secret.encode() not in found
        assert base64.b64encode(secret.encode()) not in found


@given(markers, st.booleans(), names, st.integers(0, 3))
def test_nothing_of_basic_nor_of_parameters(marker, encoded, name, cut):
    user = "301%3A0.NA/88.900" if encoded else "301:0.NA/88.900"
    basic = base64.b64encode(f"{user}:{marker}".encode()).decode()
    proof = f'Handle version="0", id="{user}", cnonce="{marker}", signature="{marker}"'
    for header in (f"Basic {basic[: len(basic) - cut]}", proof):
        target = f"/api/handles/88.900.1/x?index=1&{name}={marker}"
        request = HttpRequest("PUT", target, {"Authorization": header}, b"")
        exchange = Exchange("handle_json", request, started=0.0, peer=("127.0.0.1", 9))
        exchange.answer = HttpAnswer(302, (("Location", target),), b"")
        found = kept(exchange)
        assert marker.encode() not in found
        assert basic[:24].encode() not in found


def binary(op_code, body):
    message = encode_response(op_code, 0, 0x09000000, 0, 0, body)
    return Envelope(2, 11, 0, 2, 11, 0, 9, 0, len(message)).encode() + message


def string(text):
    return len(text).to_bytes(4, "big") + text


@given(
    markers,
    st.sampled_from([OpCode.CREATE_HANDLE, OpCode.ADD_VALUES, OpCode.MODIFY_VALUES]),
    st.integers(0, 60),
    secret_types,
    st.booleans(),
)
def test_nothing_of_secret_keys_over_the_binary_protocol(marker, op_code, cut, kind, answered):
    secret = HandleValue(301, kind, marker.encode())
    plain = HandleValue(1, "URL", b"https://example.org/")
    body = string(b"88.900.1/x") + pack((plain, secret))
    wire = binary(op_code, body)
    wire = wire[: len(wire) - cut]
    exchange = Exchange("handle_tcp", b"" if answered else wire, started=0.0, connection=1)
    exchange.answer = wire if answered else b""
    found = kept(exchange)
    assert marker.encode() not in found
    assert marker.encode().hex().encode() not in found


@given(
    markers,
    st.sampled_from([OpCode.LOGIN_PASSWORD, OpCode.CHALLENGE_ANSWER]),
    st.integers(0, 30),
    st.booleans(),
)
def test_nothing_of_passwords_and_proofs(marker, op_code, cut, well_formed):
    if op_code == OpCode.LOGIN_PASSWORD:
        right = bytes(4) + (1).to_bytes(4, "big") if well_formed else b""
        body = string(b"demo") + right + string(marker.encode())
    else:
        body = string(b"HS_SECKEY") + string(b"0.NA/88.900") + (300).to_bytes(4, "big")
        body += string(marker.encode())
    wire = binary(op_code, body)
    exchange = Exchange("handle_tcp", wire[: len(wire) - cut], started=0.0, connection=1)
    exchange.answer = b""
    found = kept(exchange)
    assert marker.encode() not in found
    assert marker.encode().hex().encode() not in found
