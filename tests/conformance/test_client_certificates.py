"""pyhandle 1.5.0 and b2handle 1.1.2, clients that we did not write, log in with a client certificate.

Promises: with certificate and key in one file or in two, each registers, reads, modifies and deletes a handle over
HTTPS; with a certificate of another key each reports an authentication error and nothing is changed.
b2handle declares Python before 3.8 and is tested where it is installed all the same
(``pip install --no-deps --ignore-requires-python b2handle==1.1.2``).
"""

import asyncio
import datetime as dt
import importlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from idnode.node.addresses import url_of
from idnode.node.data_directory import KEYS
from idnode.node.first_start.certificate import own_certificate
from idnode.registry.handle import values
from idnode.registry.handle.types.hs_pubkey import encode_public_key
from idnode.registry.mutation import AddValues

IDENTITY = "300:0.NA/88.900.1"
HANDLE = "88.900.1/certified-泵-1"


@pytest.fixture(scope="module")
def keys():
    return [rsa.generate_private_key(65537, 2048) for _ in range(2)]


@pytest.fixture(params=["pyhandle.client.resthandleclient", "b2handle.handleclient"])
def client_class(request):
    """Return the class of a client that writes over HTTPS."""
    if request.param.startswith("b2handle"):
        return pytest.importorskip(request.param).EUDATHandleClient
    return importlib.import_module(request.param).RESTHandleClient


def certificate_files(folder, key):
    """Write a self-signed certificate, its key, and both in one file; return the three names."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, IDENTITY)])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36_500))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = {"certificate": made, "key": private, "both": private + made}
    for name, text in files.items():
        (folder / name).write_bytes(text)
    return [str(folder / name) for name in files]


async def prepared(node, keys):
    """Give the identity its key; return where the node is and what to believe of it."""
    key = encode_public_key(keys[0].public_key())
    packed = values.join([values.pack_value(300, b"HS_PUBKEY", key, timestamp=1)])
    await node.register.submit([AddValues(b"0.NA/88.900.1", packed, overwrite=True)])
    return {
        "handle_server_url": url_of(node.addresses.http, "https"),
        "HTTPS_verify": str(own_certificate(node.settings.data_dir / KEYS)),
        "handleowner": "200:0.NA/88.900.1",
    }


@pytest.mark.parametrize("in_one_file", [True, False])
async def test_c15_a_handle_lives_through_its_life(node, keys, client_class, in_one_file, tmp_path):
    server = await prepared(node, keys)
    certificate, key, both = certificate_files(tmp_path, keys[0])
    login = {"certificate_only": certificate, "private_key": key}
    if in_one_file:
        login = {"certificate_and_key": both}

    def life():
        client = client_class(**server, **login)
        client.register_handle(HANDLE, "https://example.org/1", checksum="abc")
        seen = [client.get_value_from_handle(HANDLE, "URL")]
        client.modify_handle_value(HANDLE, URL="https://example.org/2")
        seen.append(client.get_value_from_handle(HANDLE, "URL"))
        client.delete_handle_value(HANDLE, "CHECKSUM")
        seen.append(client.get_value_from_handle(HANDLE, "CHECKSUM"))
        client.delete_handle(HANDLE)
        return [*seen, client.retrieve_handle_record_json(HANDLE)]

    assert await asyncio.to_thread(life) == [
        "https://example.org/1",
        "https://example.org/2",
        None,
        None,
    ]


async def test_c15_another_key_is_an_authentication_error(node, keys, client_class, tmp_path):
    server = await prepared(node, keys)
    both = certificate_files(tmp_path, keys[1])[2]
    library = client_class.__module__.partition(".")[0]
    errors = importlib.import_module(f"{library}.handleexceptions")

    def attempt():
        client = client_class(**server, certificate_and_key=both)
        with pytest.raises(errors.HandleAuthenticationError):
            client.register_handle(HANDLE, "https://example.org/1")
        assert client.retrieve_handle_record_json(HANDLE) is None

    await asyncio.to_thread(attempt)
