"""Calls of the socket clients, each a few steps over the Handle protocol; `blocking` and `aio` move them."""

from typing import TYPE_CHECKING

from idnode.clients.answer import QUESTION_FLAGS, REFERRALS, Answer, Question, Transport
from idnode.clients.calls import call
from idnode.clients.referral import HOPS_MAX, next_server
from idnode.clients.replies import read_answer, read_site, site_request_body
from idnode.clients.request import Ask, Dialogue
from idnode.registry.handle.clock import Clock, SystemClock
from idnode.registry.handle.wire.constants import OpCode

if TYPE_CHECKING:
    from idnode.clients.cache import AnswerCache
    from idnode.registry.handle.types.hs_site import Site


def address_text(server: tuple[str, int]) -> str:
    """Return a server's address as ``host:port``."""
    return f"{server[0]}:{server[1]}"


class HandleCalls:
    """Questions to one server over the Handle protocol.

    ``server`` is its address, ``transport`` the way that questions take unless they name another.
    """

    def __init__(
        self,
        server: tuple[str, int],
        *,
        transport: Transport,
        cache: "AnswerCache | None",
        clock: Clock | None,
    ) -> None:
        self.server = server
        self.transport = transport
        self._cache = cache
        self._clock = clock or SystemClock()

    @call
    def resolve(  # noqa: PLR0913  # keywords but for the first
        self,
        handle: bytes | str,
        *,
        indexes: tuple[int, ...] = (),
        types: tuple[str, ...] = (),
        op_flags: int = QUESTION_FLAGS,
        transport: Transport | None = None,
        follow: bool = False,
    ) -> Dialogue[Answer]:
        """Return the values of a handle that match an index or a type, all of them without either.

        With ``follow``, referrals to other servers are followed, over TCP.

        Raises:
            NotAnswered: No usable answer came (time-out, no connection, connection lost, malformed).
            Refused: The server answered with another code than success; the leaf says which.

        """
        question = Question.of(handle, indexes=indexes, types=types, op_flags=op_flags)
        answer = yield from self._answer_to(question, transport)
        for _ in range(HOPS_MAX if follow else 0):
            if answer.response_code not in REFERRALS:
                break
            server = next_server(answer, question.handle)
            reply = yield _ask(question, Transport.TCP, server)
            answer = read_answer(question, reply, address_text(server))
        return answer.checked()

    @call
    def query(self, question: Question, *, transport: Transport | None = None) -> Dialogue[Answer]:
        """Return the answer to a question, whatever its response code.

        Raises:
            NotAnswered: No usable answer came.

        """
        return (yield from self._answer_to(question, transport))

    @call
    def site(self, *, transport: Transport | None = None) -> "Dialogue[Site]":
        """Return the server's own site record (handle-protocol.md §3.4).

        Raises:
            NotAnswered: No usable answer came.
            Refused: The server answered with another code than success.

        """
        by = transport or self.transport
        return read_site((yield Ask(OpCode.GET_SITE_INFO, site_request_body(), transport=by)))

    def _answer_to(self, question: Question, transport: Transport | None) -> Dialogue[Answer]:
        if self._cache is not None:
            kept = self._cache.get(question, self._clock.now())
            if kept is not None:
                return kept
        reply = yield _ask(question, transport or self.transport)
        answer = read_answer(question, reply, address_text(self.server))
        if self._cache is not None:
            self._cache.put(question, answer, self._clock.now())
        return answer


def _ask(question: Question, transport: Transport, server: tuple[str, int] | None = None) -> Ask:
    body, flags = question.body(), question.op_flags
    return Ask(OpCode.RESOLUTION, body, flags, transport=transport, server=server)
