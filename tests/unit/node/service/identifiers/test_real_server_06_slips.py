"""Nobody destroys a node by a slip: a slashless name means its prefix handle for reading only."""

import pytest

from idnode.node.service.errors import NotResponsible
from idnode.registry.errors import HandleNotFound

URL = (1, b"URL", b"x")


async def test_6_slashless_names_are_for_reading_only(service, packed):
    registrar = service.registrar
    before = service.register.lookup(b"0.NA/88.900").values
    for name in (b"88.900", b"88.900.1", b"88.900.77"):
        for change in (
            registrar.create(service.admin, name, packed(URL), overwrite=True),
            registrar.add(service.admin, name, packed(URL)),
            registrar.modify(service.admin, name, packed(URL)),
            registrar.remove(service.admin, name, (1,)),
        ):
            with pytest.raises(NotResponsible):
                await change
        with pytest.raises(HandleNotFound):
            await registrar.delete(service.admin, name)
    (outcome,) = await registrar.batch(service.admin, [(b"88.900", packed(URL))], overwrite=True)
    assert isinstance(outcome, NotResponsible)
    assert service.register.lookup(b"0.NA/88.900").values == before
    assert service.resolver.resolve(b"88.900") is not None
