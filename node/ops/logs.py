"""Logging set-up: two formats over the standard library, and repeats folded.

What is logged is the life of the node (what was bound, recovered, refused, stopped), never a message of
the protocol. A record that repeats within a minute is counted instead of printed, and the count comes
out as "n like this in the last minute", so that trouble under load cannot drown its own cause.
"""

import logging
import re
import sys
import time
from typing import Final, Literal, TextIO

import orjson

from idnode.registry.handle.clock import Clock, SystemClock

FOLD_SECONDS: Final = 60.0
"""How long the first of several like records silences the others."""

FOLD_KINDS_MAX: Final = 1_000
"""Most kinds of record remembered at once; more are logged unfolded."""

_PLACE: Final = re.compile(r"%[-+0-9.]*[a-z]")
"""A place in a template for something that differs from record to record."""

_LEFT: Final = "the handler is closed"
"""How uvloop ends its words about a connection that is closed."""

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message and what was passed as ``extra``."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        entry: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(entry, default=str).decode()


class ConsoleFormatter(logging.Formatter):
    """Time of day, level and message; for people at a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")


class Folding(logging.Filter):
    """Lets the first of like records pass and counts the rest of the minute.

    Records are alike when logger, level and message template agree; the arguments do not count.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is to be printed; one that ends a fold carries its count."""
        kind = (record.name, record.levelno, str(record.msg))
        now = self._clock.elapsed()
        since, folded = self._seen.get(kind, (None, 0))
        if since is not None and now - since < FOLD_SECONDS:
            self._seen[kind] = (since, folded + 1)
            return False
        if since is not None or len(self._seen) < FOLD_KINDS_MAX:
            self._seen[kind] = (now, 0)
        if folded:
            record.msg = f"{record.msg} ({folded} like this in the last minute)"
        return True

    def due(self) -> list[tuple[str, int, str, int]]:
        """Return and forget what was folded and has gone quiet: logger, level, template, count."""
        now = self._clock.elapsed()
        over = [kind for kind, (since, _) in self._seen.items() if now - since >= FOLD_SECONDS]
        counted = [(*kind, self._seen.pop(kind)[1]) for kind in over]
        return [entry for entry in counted if entry[3]]


def concerns_the_node(record: logging.LogRecord) -> bool:
    """Return whether a record is about more than a peer that left while it was answered.

    The event loop says that by an error of its own, which aiohttp takes for one that nobody planned.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, RuntimeError) and str(error).endswith(_LEFT))


def configure(
    form: Literal["console", "json"],
    level: str,
    *,
    clock: Clock | None = None,
    stream: TextIO | None = None,
) -> Folding:
    """Send the logs of the whole process to one stream (standard error) in one form.

    The returned filter's `Folding.due` is to be asked now and then, so that a fold whose cause has
    gone quiet still says its count (`report_folded`).
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else ConsoleFormatter())
    folding = Folding(clock or SystemClock())
    handler.addFilter(concerns_the_node)
    handler.addFilter(folding)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    return folding


def report_folded(folding: Folding) -> None:
    """Log the count of each fold whose minute is over."""
    for name, level, template, count in folding.due():
        alike = _PLACE.sub("…", template)
        logging.getLogger(name).log(level, "%d like this in the last minute: %s", count, alike)
