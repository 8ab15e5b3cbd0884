"""Calls of the web clients, each a few steps over HTTP; `web` and `web_blocking` move them."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from idnode.clients import bulk, web_session
from idnode.clients.answer import Answer, Question, as_handle
from idnode.clients.calls import call, paged
from idnode.clients.web_requests import (
    Call,
    Credential,
    HandlesPage,
    Written,
    creation,
    deletion,
    listing,
    putting,
    resolution,
)
from idnode.clients.web_session import WebSession
from idnode.registry.handle.clock import Clock, SystemClock

if TYPE_CHECKING:
    from idnode.clients.identity import Identity
    from idnode.registry.handle.model import HandleValue

TIMEOUT_SECONDS: Final = 30.0
PAGE_HANDLES: Final = 10_000

Result = TypeVar("Result")

Steps = Generator[Call[Any], Any, Result]
"""Yields calls, is sent what their readers returned, returns what it was for."""


def result_of(made: Call[Result]) -> Steps[Result]:
    """Carry out one call."""
    result: Result = yield made
    return result


class WebCalls:
    """Questions and changes over the JSON API and the bulk API of one server."""

    def __init__(
        self, base: str, credential: Credential | WebSession | None, clock: Clock | None
    ) -> None:
        self.base = base.rstrip("/")
        self._credential = credential
        self._clock = clock or SystemClock()

    @call
    def get(
        self, handle: bytes | str, *, indexes: tuple[int, ...] = (), types: tuple[str, ...] = ()
    ) -> Steps[Answer]:
        """Return the values of a handle that match an index or a type, all of them without either.

        Raises:
            NotAnswered: No usable answer came.
            Refused: The server answered with another code than success; the leaf says which.

        """
        question = Question.of(handle, indexes=indexes, types=types)
        return (yield from result_of(resolution(question))).checked()

    @call
    def query(self, question: Question) -> Steps[Answer]:
        """Return the answer to a question, whatever its response code.

        Raises:
            NotAnswered: No usable answer came.
            AuthenticationFailed: The credential was not accepted.

        """
        return (yield from result_of(resolution(question)))

    @call
    def create(
        self, handle: bytes | str, values: "Sequence[HandleValue]", *, overwrite: bool = False
    ) -> Steps[Written]:
        """Create a record; with ``overwrite`` an older one is replaced whole.

        Raises:
            NotAnswered: No usable answer came; the record may have been created.
            HandleExists: There is one already.
            Refused: The server refused otherwise.

        """
        return (yield from result_of(creation(as_handle(handle), values, overwrite=overwrite)))

    @call
    def put_values(
        self, handle: bytes | str, values: "Sequence[HandleValue]", *, overwrite: bool = True
    ) -> Steps[Written]:
        """Add values to a record; with ``overwrite`` those at the same indexes are replaced.

        Raises:
            NotAnswered: No usable answer came; the values may have been written.
            ValueExists: An index is taken.
            Refused: The server refused otherwise.

        """
        return (yield from result_of(putting(as_handle(handle), values, overwrite=overwrite)))

    @call
    def delete(self, handle: bytes | str) -> Steps[Written]:
        """Delete a record.

        Raises:
            NotAnswered: No usable answer came; the record may be gone.
            HandleNotFound: There is none.
            Refused: The server refused otherwise.

        """
        return (yield from result_of(deletion(as_handle(handle))))

    @call
    def delete_values(self, handle: bytes | str, indexes: Sequence[int]) -> Steps[Written]:
        """Delete the values at these indexes.

        Raises:
            ValueError: No index is given; that would delete the record.
            NotAnswered: No usable answer came; the values may be gone.
            ValuesNotFound: An index is not there.
            Refused: The server refused otherwise.

        """
        if not indexes:
            raise ValueError("Deleting values takes at least one index")
        return (yield from result_of(deletion(as_handle(handle), indexes)))

    @paged
    def pages(
        self, prefix: str, *, page_size: int = PAGE_HANDLES
    ) -> Generator[Call[HandlesPage], HandlesPage, None]:
        """Yield the handles of a prefix page by page; writes meanwhile may shift what follows.

        Raises:
            NotAnswered: No usable answer came.
            Refused: The server refused, e.g. without the right to list.

        """
        page, handles = 0, page_size
        while handles == page_size:
            found = yield listing(prefix, page=page, page_size=page_size)
            handles = len(found.handles)
            page += 1

    @call
    def sign_in(self, identity: "Identity") -> Steps[None]:
        """Open a session, prove an identity in it, and have all that follows go out in its name.

        Raises:
            NotAnswered: No usable answer came.
            AuthenticationFailed: The identity was not accepted, or the server takes sessions over HTTPS only.

        """
        opened = yield from result_of(web_session.opening())
        self._credential = yield from result_of(web_session.signing_in(opened, identity))

    @call
    def sign_out(self) -> Steps[None]:
        """End the session; what follows is asked by nobody in particular.

        Raises:
            NotAnswered: No usable answer came.
            AuthenticationFailed: The session was over already.

        """
        if isinstance(self._credential, WebSession):
            session, self._credential = self._credential, None
            yield web_session.signing_out(session)

    @call
    def batch(
        self,
        items: "Sequence[bulk.Item]",
        *,
        overwrite: bool = False,
        all_or_nothing: bool = False,
    ) -> Steps[bulk.BatchResult]:
        """Register many identifiers in one request; a refused one does not fail the others.

        Raises:
            NotAnswered: No usable answer came; any of them may have been registered.
            Refused: The whole batch was refused.

        """
        return (
            yield from result_of(
                bulk.batch(items, overwrite=overwrite, all_or_nothing=all_or_nothing)
            )
        )

    @call
    def resolve_many(
        self, handles: Sequence[bytes | str], *, restricted: bool = False
    ) -> Steps[list[Answer]]:
        """Return one answer for each handle, in order, whatever their response codes.

        ``restricted`` asks for values without public read too, where the caller may read them.

        Raises:
            NotAnswered: No usable answer came.
            Refused: The whole request was refused.

        """
        return (
            yield from result_of(
                bulk.resolution([as_handle(handle) for handle in handles], restricted=restricted)
            )
        )
