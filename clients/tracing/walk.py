"""The walk from node to node along referrals, as steps without I/O (handle-protocol.md §9, 5).

It yields a `Step` to be asked, is sent the `Answer`, or is thrown the `NotAnswered` that came of it, and returns a
`Trace`: `clients/calls.py` runs it over whatever asks. Whoever asks for others counts the servers that a request
went through; a client that follows by itself leaves that at 0.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from idnode.clients.answer import REFERRALS, Answer, Question
from idnode.clients.errors import NotAnswered
from idnode.clients.tracing.place import SERVICE_TYPES, Place, places_of
from idnode.clients.tracing.trace import End, Hop, Trace
from idnode.registry.handle.names import complete, fold
from idnode.registry.handle.printing import printable
from idnode.registry.handle.wire.constants import ResponseCode, name_of_response

if TYPE_CHECKING:
    from collections.abc import Callable

HOPS_MAX: Final = 16
"""Most questions of one walk, those to servers that do not answer included."""

_ABSENT: Final = (ResponseCode.HANDLE_NOT_FOUND, ResponseCode.VALUES_NOT_FOUND)
_NOT_HERE: Final = (
    ResponseCode.SERVER_NOT_RESPONSIBLE,
    ResponseCode.OUT_OF_DATE_SITE_INFO,
)


@dataclass(frozen=True, slots=True)
class Step:
    """A question to one server."""

    place: Place
    question: Question


Walk = Generator[Step, Answer, Trace]


def everywhere(_place: Place) -> bool:
    """Let every server be asked."""
    return True


def walk(
    question: Question, start: Place, *, may_ask: "Callable[[Place], bool]" = everywhere
) -> Walk:
    """Ask for a handle from one server on, wherever referrals lead; ``may_ask`` says of each whether it may be asked."""
    return (yield from _Walker(start, may_ask).follow(question))


class _Walker:
    """One walk: where it was, and what it saw."""

    def __init__(self, start: Place, may_ask: "Callable[[Place], bool]") -> None:
        self._start = start
        self._may_ask = may_ask
        self._hops: list[Hop] = []
        self._asked: dict[tuple[str, bytes], str] = {}

    def follow(self, question: Question) -> Walk:
        """Return the trace of a question from the start on."""
        places = [self._start]
        while True:
            answer = yield from self._ask_one_of(places, question)
            if isinstance(answer, Trace):
                return answer
            if answer.response_code not in REFERRALS:
                return self._ended(question, answer)
            found = yield from self._referred(answer, question)
            if isinstance(found, Trace):
                return found
            places = found

    def _ask_one_of(
        self, places: list[Place], question: Question
    ) -> Generator[Step, Answer, Answer | Trace]:
        """Return the answer of the first server that gives one."""
        why = ""
        for place in places:
            refusal = self._refusal(place, question)
            if refusal is not None:
                end, why = refusal
                if end is not End.DEAD_END:
                    return self._trace(question, end, why)
                continue
            self._asked[str(place), fold(question.handle)] = place.node or str(place)
            try:
                answer = yield Step(place, question)
            except NotAnswered as error:
                why = f"{place.node or place} does not answer: {error}"
                self._note(place, question, failure=printable(str(error)))
            else:
                self._note(place, question, answer=answer)
                return answer
        return self._trace(question, End.DEAD_END, why)

    def _refusal(self, place: Place, question: Question) -> tuple[End, str] | None:
        """Return why a server is not asked."""
        key = str(place), fold(question.handle)
        if key in self._asked:
            names = list(self._asked.values())
            turn = names[list(self._asked).index(key) :]
            return End.LOOP, " → ".join([*turn, turn[0]])
        if len(self._hops) >= HOPS_MAX:
            return End.TOO_DEEP, f"more than {HOPS_MAX} questions"
        if not self._may_ask(place):
            return End.DEAD_END, f"{place} is no node that may be asked"
        return None

    def _referred(
        self, answer: Answer, question: Question
    ) -> Generator[Step, Answer, list[Place] | Trace]:
        """Return the servers that a referral leads to; the sites of a service are asked for first."""
        places = places_of(answer.values, question.handle)
        service = next((v.data for v in answer.values if v.type.upper() in SERVICE_TYPES), b"")
        service = answer.referral or service
        if not places and service:
            sites = replace(question, handle=service, indexes=(), types=(b"HS_SITE", b"HS_SITE.6"))
            found = yield from self.follow(sites)
            if found.end is not End.ANSWERED or found.answer is None:
                named = printable(service.decode(errors="replace"))
                return self._trace(
                    question, found.end, f"service {named}: {found.why or found.end}"
                )
            places = places_of(found.answer.values, question.handle)
        if not places:
            last = self._hops[-1]
            why = f"{last.node or last.server} refers elsewhere and names no server"
            return self._trace(question, End.DEAD_END, why)
        code = answer.response_code
        return [replace(place, rule=f"{code}: {place.rule}") for place in places]

    def _ended(self, question: Question, answer: Answer) -> Trace:
        last = self._hops[-1]
        who, code = last.node or last.server, answer.response_code
        said = f"{who} answers {name_of_response(code)}"
        if answer.message:
            said = f"{said}: {printable(answer.message)}"
        if code == ResponseCode.SUCCESS:
            return self._trace(question, End.ANSWERED, "", answer)
        if code in _ABSENT:
            return self._trace(question, End.NOT_FOUND, said, answer)
        if code in _NOT_HERE:
            prefix = printable(complete(question.handle).decode(errors="replace"))
            why = f"{said}; nobody is known to answer for {prefix}"
            return self._trace(question, End.DEAD_END, why, answer)
        return self._trace(question, End.REFUSED, said, answer)

    def _trace(self, question: Question, end: End, why: str, answer: Answer | None = None) -> Trace:
        handle = printable(question.handle.decode(errors="replace"))
        return Trace(handle, tuple(self._hops), end, why, answer)

    def _note(
        self, place: Place, question: Question, *, answer: Answer | None = None, failure: str = ""
    ) -> None:
        hop = hop_of(place, question, answer)
        self._hops.append(hop if answer is not None else replace(hop, failure=failure))


def hop_of(place: Place, question: Question, answer: Answer | None) -> Hop:
    """Return a question to a server and its answer as a hop."""
    hop = Hop(
        str(place),
        printable(question.handle.decode(errors="replace")),
        place.node,
        place.role,
        rule=place.rule,
    )
    if answer is None:
        return hop
    refers = answer.response_code in REFERRALS
    return replace(
        hop,
        transport=str(answer.transport),
        response_code=answer.response_code,
        response=name_of_response(answer.response_code),
        refers_to=tuple(
            f"{place.node} {place}".strip() for place in places_of(answer.values, question.handle)
        )
        if refers
        else (),
        seconds=answer.seconds,
        values=len(answer.values),
    )
