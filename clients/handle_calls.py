"""Calls of the socket clients, each a few steps over the Handle protocol; `blocking` and `aio` move them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from idnode.clients.answer import QUESTION_FLAGS, Answer, Question, Transport
from idnode.clients.calls import call
from idnode.clients.errors import ClientError, ConnectionFailed, NotAnswered, Referral
from idnode.clients.replies import read_answer, read_site, site_request_body
from idnode.clients.request import Ask, Dialogue
from idnode.clients.tracing.place import Place, place_in
from idnode.clients.tracing.trace import Trace
from idnode.clients.tracing.walk import Walk, walk
from idnode.registry.handle.clock import Clock, SystemClock
from idnode.registry.handle.wire.constants import OpCode, ResponseCode

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
            Refused: The server answered with another code than success; the leaf says which, `Referral` also
                that following led nowhere.

        """
        question = Question.of(handle, indexes=indexes, types=types, op_flags=op_flags)
        if not follow:
            return (yield from self._answer_to(question, transport)).checked()
        found = yield from self._walked(walk(question, self._place), transport)
        if found.answer is None:
            raise Referral(ResponseCode.SERVICE_REFERRAL, f"{found.end}: {found.why}")
        return found.answer.checked()

    @call
    def place(self, *, transport: Transport | None = None) -> Dialogue[Place]:
        """Return this server as a place, with what its site record says of it if it gives one; raises nothing."""
        by = transport or self.transport
        try:
            site = read_site((yield Ask(OpCode.GET_SITE_INFO, site_request_body(), transport=by)))
        except ClientError:
            return self._place
        if not site.servers:
            return self._place
        told = place_in(replace(site, servers=site.servers[:1]), b"", "")
        return replace(self._place, http=told.http, node=told.node, role=told.role)

    @call
    def trace(
        self, question: Question, start: Place | None = None, *, transport: Transport | None = None
    ) -> Dialogue[Trace]:
        """Return how a question goes from this server on, wherever referrals lead; raises nothing.

        ``start`` is what `place` returned, so that the first hop has a name.
        """
        return (yield from self._walked(walk(question, start or self._place), transport))

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

    @property
    def _place(self) -> Place:
        host, port = self.server
        return Place(host, port, port, rule="asked first")

    def _walked(self, steps: Walk, transport: Transport | None) -> Dialogue[Trace]:
        """Carry out a walk: its first step at the client's own server, the others wherever it leads."""
        by = transport or self.transport
        try:
            step = next(steps)
            while True:
                place = step.place
                ours = (place.host, place.port) == self.server
                try:
                    answer = yield from self._asked(step.question, place, by, ours=ours)
                except NotAnswered as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as finished:
            found: Trace = finished.value
            return found

    def _asked(
        self, question: Question, place: Place, transport: Transport, *, ours: bool
    ) -> Dialogue[Answer]:
        if ours:
            return (yield from self._answer_to(question, transport))
        if place.port is None:
            raise ConnectionFailed(f"{place} is not reached over the binary protocol")
        if place.udp is None:
            transport = Transport.TCP
        elif place.tcp is None:
            transport = Transport.UDP
        reply = yield _ask(question, transport, (place.host, place.port))
        return read_answer(question, reply, str(place))

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
    count = question.recursion_count
    return Ask(
        OpCode.RESOLUTION, body, flags, transport=transport, server=server, recursion_count=count
    )
