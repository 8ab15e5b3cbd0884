"""Traces over HTTP: following referrals by the HTTP ports that sites name, and what a recursive node tells of its own."""

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit

from idnode.clients.answer import Answer, Question
from idnode.clients.calls import run
from idnode.clients.errors import ConnectionFailed, MalformedAnswer
from idnode.clients.tracing.place import Place
from idnode.clients.tracing.trace import Trace, read_trace
from idnode.clients.tracing.walk import Step, walk
from idnode.clients.web_blocking import Client
from idnode.clients.web_requests import Call, HttpResponse

if TYPE_CHECKING:
    from pathlib import Path

TRACE_PATH: Final = "/api/v1/trace"
"""What a recursive node tells the traces of its own questions at."""


def trace_over_http(question: Question, base: str, *, ca_file: "Path | None" = None) -> Trace:
    """Return how a question goes from a server on, asked over HTTP all the way; raises nothing."""
    parts = urlsplit(base)
    start = Place(parts.hostname or "", http=parts.port or 80, rule="asked first")

    def ask(step: Step) -> Answer:
        own = step.place is start
        url = base if own else step.place.http_base
        if url is None:
            raise ConnectionFailed(f"{step.place} names no HTTP port")
        with Client(url, ca_file=ca_file if own else None) as client:
            return client.query(step.question)

    return run(walk(question, start), ask)


def own_trace(question: Question, base: str) -> Trace:
    """Return what a recursive node tells of how it finds a handle; it does so for this.

    Raises:
        ClientError: It does not tell.

    """

    def read(response: HttpResponse) -> Trace:
        try:
            return read_trace(json.loads(response.body))
        except ValueError as error:
            raise MalformedAnswer(f"{base} tells no trace: {error}") from error

    parameters: list[tuple[str, str | bytes]] = [
        ("handle", question.handle),
        *(("index", str(index)) for index in question.indexes),
        *(("type", entry) for entry in question.types),
    ]
    with Client(base) as client:
        return client.do(
            Call("GET", f"{TRACE_PATH}?{urlencode(parameters, quote_via=quote)}", read)
        )
