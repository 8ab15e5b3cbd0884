"""Carries out the operations of a batch file of Handle.Net, one by one, over the Handle protocol."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import typer

from idnode.clients import blocking, dialogues
from idnode.clients.errors import ClientError, NotAnswered, Refused
from idnode.clients.formats.batch_file import Operation, operations
from idnode.clients.formats.record import Source, Unreadable
from idnode.clients.identity import Identity, KeyIdentity, SecretIdentity
from idnode.clients.web_requests import Credential
from idnode.node.commands.asking import handle_server
from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.loading import FAILURES_SHOWN
from idnode.node.commands.progress import byte_progress
from idnode.registry.handle.printing import printable
from idnode.registry.handle.proofs.private_keys import decode_private_key
from idnode.registry.handle.wire.errors import ProtocolError

_IDENTITY: Final = re.compile(r"(SECKEY|PUBKEY) *: *(\d+) *: *(.+)", re.IGNORECASE)
_SERVER: Final = re.compile(r"(\S+):(\d+):(TCP|UDP|HTTP)", re.IGNORECASE)


def operate(
    source: Source,
    server: str | None,
    credential: Credential,
    *,
    overwrite: bool,
    skip: int,
    size: int,
) -> None:
    """Carry out a batch file but for its first operations, and say what became of them.

    Raises:
        CommandFailed: Operations were refused; or the node, or the file, failed on the way.

    """
    identity = SecretIdentity(
        credential.handle.encode(), credential.index, credential.secret.encode()
    )
    with blocking.Client(handle_server(server)) as client:
        run = _Run(client, dialogues.Administrator(identity), source.folder, overwrite=overwrite)
        try:
            with byte_progress("operating") as show:
                for each in operations(source.file, source.folder):
                    run.carry_out(each, skipped=run.done < skip)
                    if size:
                        show(min(source.file.tell(), size), size)
        except (Unreadable, NotAnswered) as error:
            raise CommandFailed(
                f"stopped after {run.done} operations: {error}; go on with --skip {run.done}"
            ) from error
    for line in run.shown:
        typer.echo(line, err=True)
    typer.echo(f"{run.accepted} operations done, {run.failed} refused")
    if run.failed:
        raise CommandFailed(f"{run.failed} operations were refused")


@dataclass(slots=True)
class _Run:
    """One batch file on its way."""

    client: blocking.Client
    administrator: dialogues.Administrator
    folder: Path
    overwrite: bool
    done: int = 0
    accepted: int = 0
    failed: int = 0
    shown: list[str] = field(default_factory=list)

    def carry_out(self, operation: Operation, *, skipped: bool) -> None:
        """Carry out one operation; who asks and under which session counts also where it is skipped."""
        if operation.name in _SETTING_UP:
            _SETTING_UP[operation.name](self, operation)
            return
        if not skipped:
            try:
                _ADMINISTERING[operation.name](self, operation)
                self.accepted += 1
            except NotAnswered:
                raise
            except (ClientError, ProtocolError) as error:
                self._refused(operation, str(error))
        self.done += 1

    def _refused(self, operation: Operation, reason: str) -> None:
        self.failed += 1
        if len(self.shown) < FAILURES_SHOWN:
            named = f"{operation.name} {operation.subject}"
            self.shown.append(f"line {operation.line}: {printable(f'{named}: {reason}')}")

    def create(self, operation: Operation) -> None:
        """Create a record."""
        self.client.do(
            dialogues.create(
                self.administrator, operation.subject, operation.values, overwrite=self.overwrite
            )
        )

    def add(self, operation: Operation) -> None:
        """Add values to a record."""
        self.client.do(
            dialogues.add_values(
                self.administrator, operation.subject, operation.values, overwrite=self.overwrite
            )
        )

    def modify(self, operation: Operation) -> None:
        """Replace values of a record."""
        self.client.do(
            dialogues.modify_values(self.administrator, operation.subject, operation.values)
        )

    def remove(self, operation: Operation) -> None:
        """Remove values of a record."""
        indexes, handle = operation.indexes_and_handle()
        self.client.do(dialogues.remove_values(self.administrator, handle, indexes))

    def delete(self, operation: Operation) -> None:
        """Delete a record."""
        self.client.do(dialogues.delete(self.administrator, operation.subject))

    def home(self, operation: Operation) -> None:
        """Have prefixes live on a server, or no more: the one that is named, as in the real tool."""
        match = _SERVER.fullmatch(operation.subject)
        if match is None:
            raise Unreadable(operation.line, f"expected {operation.name} ADDRESS:PORT:TCP")
        call = dialogues.home_prefix if operation.name == "HOME" else dialogues.unhome_prefix
        # Administration goes over TCP whatever is named; the session belongs to the other connection.
        administrator = dialogues.Administrator(self.administrator.identity)
        with blocking.Client((match[1].strip("[]"), int(match[2]))) as client:
            for prefix in operation.lines:
                client.do(call(administrator, prefix))

    def authenticate(self, operation: Operation) -> None:
        """Ask from now on as somebody else."""
        match = _IDENTITY.fullmatch(operation.subject)
        if match is None or len(operation.lines) != 1:
            raise Unreadable(
                operation.line, "expected AUTHENTICATE SECKEY|PUBKEY:INDEX:HANDLE and one line"
            )
        handle, index, proof = match[3].encode(), int(match[2]), operation.lines[0]
        identity: Identity = SecretIdentity(handle, index, proof.encode())
        if match[1].upper() == "PUBKEY":
            identity = self._key(operation, handle, index, proof)
        self.administrator = dialogues.Administrator(identity)

    def _key(self, operation: Operation, handle: bytes, index: int, proof: str) -> KeyIdentity:
        path, _, passphrase = proof.partition("|")
        try:
            text = (self.folder / path.strip()).read_bytes()
            return KeyIdentity(
                handle, index, decode_private_key(text, passphrase.strip().encode() or None)
            )
        except OSError as error:
            raise Unreadable(operation.line + 1, f"{path}: {error.strerror}") from error
        except ProtocolError as error:
            raise Unreadable(operation.line + 1, f"{path}: {error}") from error

    def session(self, operation: Operation) -> None:
        """Ask from now on within a session, or no more; the key is agreed on, whatever exchange is named."""
        parts = (line.partition(":") for line in operation.lines)
        fields = {name.strip().upper(): text.strip() for name, _, text in parts}
        if fields.get("USESESSION") not in {"0", "1"}:
            raise Unreadable(operation.line, "expected USESESSION:1 or USESESSION:0")
        if fields["USESESSION"] == "0":
            self.administrator.session = None
            return
        options = f"{fields.get('OPTIONS', ''):0<3}"
        try:
            self.client.do(dialogues.open_session(self.administrator, encrypted=options[0] == "1"))
        except Refused as error:
            # Without OPTIONS, and where they say so, a session that fails is done without.
            if "OPTIONS" in fields and options[2] != "1":
                raise Unreadable(operation.line, f"no session: {error}") from error


_ADMINISTERING: Final[dict[str, Callable[[_Run, Operation], None]]] = {
    "CREATE": _Run.create,
    "ADD": _Run.add,
    "MODIFY": _Run.modify,
    "REMOVE": _Run.remove,
    "DELETE": _Run.delete,
    "HOME": _Run.home,
    "UNHOME": _Run.home,
}
_SETTING_UP: Final[dict[str, Callable[[_Run, Operation], None]]] = {
    "AUTHENTICATE": _Run.authenticate,
    "SESSIONSETUP": _Run.session,
}
