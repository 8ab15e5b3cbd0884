"""One way to administer for the commands, whichever face carries it: HTTP, or the Handle protocol over TCP."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Protocol

import typer

from idnode.clients import blocking, dialogues, web_blocking
from idnode.clients.bulk_listing import IdentifiersPage, listing
from idnode.clients.identity import SecretIdentity
from idnode.clients.web_requests import Credential
from idnode.node.commands.asking import handle_server, in_one_line, web_client
from idnode.registry.handle.model import HandleValue

_TEXT: Final = "replace"


class Face(StrEnum):
    """Describes what carries the request."""

    HTTP = "http"
    TCP = "tcp"


Transport = Annotated[
    Face,
    typer.Option("--transport", help="http: the HTTP API; tcp: the Handle protocol."),
]


class Administered(Protocol):
    """Describes what a command may do with records."""

    def create(
        self, handle: str, values: Sequence[HandleValue], *, overwrite: bool
    ) -> tuple[str, bool]:
        """Create a record; return its handle, and whether it is new."""
        ...

    def put_values(self, handle: str, values: Sequence[HandleValue]) -> None:
        """Add values to a record, or replace those at the same indexes."""

    def delete(self, handle: str) -> None:
        """Delete a record."""

    def delete_values(self, handle: str, indexes: Sequence[int]) -> None:
        """Delete values of a record."""

    def handles(self, prefix: str) -> Iterator[str]:
        """Yield the handles of a prefix."""
        ...


@contextmanager
def administered(
    transport: Face, server: str | None, credential: Credential, ca_file: Path | None
) -> Iterator[Administered]:
    """Connect as an administrator.

    Raises:
        CommandFailed: A flag cannot be read, or the node refused.

    """
    with in_one_line():
        if transport is Face.TCP:
            with blocking.Client(handle_server(server)) as client:
                yield _OverTcp(client, credential)
        else:
            with web_client(server, ca_file, credential) as web:
                yield _OverHttp(web)


class _OverHttp:
    def __init__(self, client: web_blocking.Client) -> None:
        self._client = client

    def create(
        self, handle: str, values: Sequence[HandleValue], *, overwrite: bool
    ) -> tuple[str, bool]:
        written = self._client.create(handle, values, overwrite=overwrite)
        return written.handle, written.created

    def put_values(self, handle: str, values: Sequence[HandleValue]) -> None:
        self._client.put_values(handle, values)

    def delete(self, handle: str) -> None:
        self._client.delete(handle)

    def delete_values(self, handle: str, indexes: Sequence[int]) -> None:
        self._client.delete_values(handle, indexes)

    def handles(self, prefix: str) -> Iterator[str]:
        for page in pages(self._client, prefix):
            yield from page.handles


class _OverTcp:
    def __init__(self, client: blocking.Client, credential: Credential) -> None:
        identity = SecretIdentity(
            credential.handle.encode(), credential.index, credential.secret.encode()
        )
        self._do = client.do
        self._administrator = dialogues.Administrator(identity)

    def create(
        self, handle: str, values: Sequence[HandleValue], *, overwrite: bool
    ) -> tuple[str, bool]:
        made = self._do(dialogues.create(self._administrator, handle, values, overwrite=overwrite))
        return made.handle.decode(errors=_TEXT), not made.replaced

    def put_values(self, handle: str, values: Sequence[HandleValue]) -> None:
        self._do(dialogues.add_values(self._administrator, handle, values, overwrite=True))

    def delete(self, handle: str) -> None:
        self._do(dialogues.delete(self._administrator, handle))

    def delete_values(self, handle: str, indexes: Sequence[int]) -> None:
        self._do(dialogues.remove_values(self._administrator, handle, indexes))

    def handles(self, prefix: str) -> Iterator[str]:
        for handle in self._do(dialogues.list_handles(self._administrator, prefix)):
            yield handle.decode(errors=_TEXT)


def pages(client: web_blocking.Client, prefix: str) -> Iterator[IdentifiersPage]:
    """Yield the identifiers of a prefix page by page."""
    after: str | None = ""
    while after is not None:
        page = client.do(listing(prefix, after=after))
        after = page.after
        yield page
