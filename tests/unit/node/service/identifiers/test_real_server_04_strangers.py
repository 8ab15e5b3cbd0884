"""Strangers are challenged before they are told what exists; only a modification tells first, as the real server's."""

import pytest

from idnode.node.service.errors import (
    AuthenticationNeeded,
    InsufficientPermission,
)
from idnode.registry.errors import HandleExists, HandleNotFound, ValuesNotFound

CUP = b"88.900.1/cup"
URL = (1, b"URL", b"x")


async def test_4_strangers_are_challenged_before_they_learn_what_is_there(service, packed, put):
    await put(CUP, URL)
    registrar = service.registrar
    for change in (
        registrar.add(None, b"88.900.1/none", packed(URL)),
        registrar.add(None, CUP, packed(URL)),
        registrar.remove(None, b"88.900.1/none", (1,)),
        registrar.remove(None, CUP, (9,)),
        registrar.delete(None, b"88.900.1/none"),
        registrar.delete(None, CUP),
    ):
        with pytest.raises(AuthenticationNeeded):
            await change


async def test_4_a_modification_tells_first_as_the_real_one_does(service, packed, put):
    await put(CUP, URL, (2, b"URL", b"fixed", 0x0A), (3, b"DESC", b"open", 0x0F))
    with pytest.raises(HandleNotFound):
        await service.registrar.modify(None, b"88.900.1/none", packed(URL))
    with pytest.raises(ValuesNotFound):
        await service.registrar.modify(None, CUP, packed((9, b"URL", b"x")))
    with pytest.raises(InsufficientPermission):
        await service.registrar.modify(None, CUP, packed((2, b"URL", b"x")))
    with pytest.raises(AuthenticationNeeded):
        await service.registrar.modify(None, CUP, packed(URL))
    await service.registrar.modify(None, CUP, packed((3, b"DESC", b"by anybody", 0x0F)))


async def test_4_the_same_of_values_that_are_put_and_of_prefix_handles(service, packed, put):
    await put(CUP, URL)
    registrar = service.registrar
    for change in (
        registrar.put_values(None, b"88.900.1/none", packed(URL)),
        registrar.put_values(None, CUP, packed(URL)),  # even what changes nothing
        registrar.create(None, CUP, packed(URL), overwrite=True),
        registrar.create(None, b"88.900.1/none", packed(URL)),
        registrar.remove(None, CUP, ()),
        registrar.add(None, b"0.NA/88.900.1", packed((200, b"URL", b"x"))),
        registrar.remove(None, b"0.NA/88.900.1", (77,)),
        registrar.delete(None, b"0.NA/88.900.77"),
    ):
        with pytest.raises(AuthenticationNeeded):
            await change
    with pytest.raises(HandleExists):  # that one is told to everybody, there as here
        await registrar.create(None, CUP, packed(URL))
