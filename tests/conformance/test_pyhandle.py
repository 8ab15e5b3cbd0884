"""pyhandle 1.5.0, a client that we did not write, works with the JSON face unchanged.

Promises: over plain HTTP on loopback, and over HTTPS with the node's certificate file, it logs in with user name
and password, registers, reads, modifies, adds, deletes values and handles, and gets its own errors for what must
fail. Its search is in `test_real_server_20_search.py`.
"""

import asyncio

import pytest
from pyhandle.client.resthandleclient import RESTHandleClient
from pyhandle.handleexceptions import (
    HandleAlreadyExistsException,
    HandleAuthenticationError,
    HandleNotFoundException,
)

from idnode.node.addresses import url_of
from idnode.node.data_directory import KEYS
from idnode.node.first_start.certificate import own_certificate

USER = "301:0.NA/88.900.1"
SECRET = "idnode-demo"
HANDLE = "88.900.1/pyhandle-泵-1"


@pytest.fixture(params=["http", "https"])
def server(request, node):
    """Return what pyhandle needs to know: where, and what certificate to believe."""
    certificate = own_certificate(node.settings.data_dir / KEYS)
    return url_of(node.addresses.http, request.param), str(certificate)


def client_of(server, secret=SECRET):
    url, certificate = server
    return RESTHandleClient.instantiate_with_username_and_password(
        url, USER, secret, HTTPS_verify=certificate, handleowner=USER
    )


def values_by_type(client, handle):
    record = client.retrieve_handle_record(handle)
    return {name: text for name, text in record.items() if name != "HS_ADMIN"}


async def test_a_handle_lives_through_its_whole_life(server):
    def life():
        client = client_of(server)
        client.register_handle(HANDLE, "https://example.org/1", checksum="abc", OWNER="张三")
        seen = [values_by_type(client, HANDLE)]
        client.modify_handle_value(HANDLE, URL="https://example.org/2", NEW="x")
        client.add_handle_value(HANDLE, MORE="y")
        client.modify_handle_value_not_add(HANDLE, MORE="z")
        seen.append(values_by_type(client, HANDLE))
        client.delete_handle_value(HANDLE, "NEW")
        seen.append(client.get_value_from_handle(HANDLE, "NEW"))
        client.delete_handle(HANDLE)
        seen.append(client.retrieve_handle_record_json(HANDLE))
        return seen

    created, modified, removed, gone = await asyncio.to_thread(life)
    assert created == {"URL": "https://example.org/1", "CHECKSUM": "abc", "OWNER": "张三"}
    assert modified == {
        "URL": "https://example.org/2",
        "CHECKSUM": "abc",
        "OWNER": "张三",
        "NEW": "x",
        "MORE": "z",
    }
    assert removed is None
    assert gone is None


async def test_a_generated_name_is_registered_under_the_prefix(server):
    def generate():
        client = client_of(server)
        handle = client.generate_and_register_handle("88.900.1", "https://example.org/g")
        return handle, client.get_value_from_handle(handle, "URL")

    handle, url = await asyncio.to_thread(generate)
    assert handle.startswith("88.900.1/")
    assert url == "https://example.org/g"


async def test_a_taken_name_is_refused_and_can_be_overwritten(server):
    def twice():
        client = client_of(server)
        client.register_handle(HANDLE, "https://example.org/1")
        with pytest.raises(HandleAlreadyExistsException):
            client.register_handle(HANDLE, "https://example.org/2", overwrite=False)
        client.register_handle(HANDLE, "https://example.org/3", overwrite=True)
        return client.get_value_from_handle(HANDLE, "URL")

    assert await asyncio.to_thread(twice) == "https://example.org/3"


async def test_a_wrong_secret_is_an_authentication_error(server):
    def attempt():
        with pytest.raises(HandleAuthenticationError):
            client_of(server, "wrong").register_handle(HANDLE, "https://example.org/1")

    await asyncio.to_thread(attempt)


async def test_what_is_not_there_cannot_be_changed(server):
    def attempt():
        client = client_of(server)
        with pytest.raises(HandleNotFoundException):
            client.modify_handle_value("88.900.1/none", URL="https://example.org/1")
        with pytest.raises(HandleNotFoundException):
            client.delete_handle("88.900.1/none")

    await asyncio.to_thread(attempt)
