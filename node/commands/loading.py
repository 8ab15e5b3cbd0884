"""Sending a file of identifiers to a node, batch by batch: what `batch` and `import` share."""

import json
import time
from dataclasses import dataclass, field
from typing import Final, TypeVar

import typer

from idnode.clients import bulk
from idnode.clients.errors import ClientError, MalformedAnswer, Refused, ServerBusy
from idnode.clients.formats.record import Format, Item, Source, Unreadable
from idnode.clients.json_values import from_json
from idnode.clients.web_blocking import Client
from idnode.clients.web_requests import Call, creation
from idnode.node.commands.admin_value import line_with_admin, packed_with_admin, with_admin
from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.item_files import chunks
from idnode.node.commands.progress import byte_progress
from idnode.registry.handle.printing import printable

Result = TypeVar("Result")

FAILURES_SHOWN: Final = 20
BUSY_WAITS_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Pauses before a batch is sent again to a node whose write queue is full."""


@dataclass(slots=True)
class Loading:
    """One file on its way into a node."""

    client: Client
    form: Format
    overwrite: bool
    owned: bool = True
    """Whether records without an HS_ADMIN value get one."""

    done: int = 0
    """Items of the file that are dealt with, those that were skipped included."""

    accepted: int = 0
    failed: int = 0
    shown: list[str] = field(default_factory=list)

    def run(self, source: Source, total: int, *, skip: int = 0) -> None:
        """Send the whole file of ``total`` bytes (0: nobody knows), and say what became of it.

        Raises:
            CommandFailed: Items were refused; or the node, or the file, failed on the way, and then the
                message says from where to go on.

        """
        self.done = skip
        try:
            with byte_progress("sending") as show:
                for chunk in chunks(self.form.items(source), skip):
                    self._send(chunk)
                    if total:
                        show(min(source.file.tell(), total), total)
        except (ClientError, Unreadable) as error:
            raise CommandFailed(
                f"stopped after {self.done} items ({self.accepted} accepted, {self.failed} refused): "
                f"{error}; go on with --skip {self.done}"
            ) from error
        for line in self.shown:
            typer.echo(line, err=True)
        typer.echo(f"{self.accepted} accepted, {self.failed} refused")
        if self.failed:
            raise CommandFailed(f"{self.failed} items were refused")

    def _send(self, chunk: list[Item]) -> None:
        """Send one chunk; records that are no items go one by one, in their place."""
        batch: list[Item] = []
        for item in chunk:
            if not self.form.packed and item.startswith(b"{"):
                self._send_batch(batch)
                self._send_record(item)
                batch = []
            else:
                batch.append(item)
        self._send_batch(batch)

    def _send_batch(self, items: list[Item]) -> None:
        if not items:
            return
        make = bulk.packed_batch if self.form.packed else bulk.lines_batch
        add = packed_with_admin if self.form.packed else line_with_admin
        sent = [add(each) for each in items] if self.owned else items
        result = _patiently(self.client, make(sent, overwrite=self.overwrite))
        for failure in result.failures:
            self._refused(
                items[failure.position], failure.position, f"{failure.message} ({failure.code})"
            )
        self.accepted += result.accepted
        self.done += len(items)

    def _send_record(self, line: Item) -> None:
        try:
            found = json.loads(line)
            handle, given = str(found["handle"]), from_json(found["values"])
            values = with_admin(handle, given) if self.owned else list(given)
        except (ValueError, KeyError, TypeError, MalformedAnswer) as error:
            self._refused(line, 0, f"no record: {error}")
        else:
            try:
                _patiently(self.client, creation(handle.encode(), values, overwrite=self.overwrite))
                self.accepted += 1
            except Refused as error:
                self._refused(line, 0, str(error))
        self.done += 1

    def _refused(self, item: Item, position: int, reason: str) -> None:
        self.failed += 1
        if len(self.shown) < FAILURES_SHOWN:
            place = f"line {item.line}" if item.line else f"item {self.done + position + 1}"
            self.shown.append(f"{place}: {printable(reason)}")


def _patiently(client: Client, call: Call[Result]) -> Result:
    """Carry out a call, again after a pause while the node is busy; a busy node has taken nothing.

    Raises:
        ClientError: Whatever the last attempt raises.

    """
    for pause in BUSY_WAITS_SECONDS:
        try:
            return client.do(call)
        except ServerBusy:
            time.sleep(pause)
    return client.do(call)
