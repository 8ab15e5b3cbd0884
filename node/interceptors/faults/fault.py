"""A fault: which requests, what happens to them, and when; and the set of those that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from idnode.node.interceptors.faults import actions, binary, handshake, http
from idnode.node.interceptors.faults.match import Match
from idnode.node.interceptors.faults.schedule import When

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FAULTS_MAX = 100
"""Most faults at once."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]

Action = Annotated[
    actions.DelayAction
    | actions.HoldAction
    | actions.DropAction
    | actions.DuplicateAction
    | actions.ReorderAction
    | actions.LoseDatagramAction
    | actions.TruncateAction
    | actions.SplitAction
    | actions.CorruptAction
    | actions.CloseAction
    | actions.ResetAction
    | binary.WrongRequestIdAction
    | binary.WrongSessionIdAction
    | binary.ResponseCodeAction
    | binary.ReferralLoopAction
    | binary.ReferralAction
    | binary.VersionAction
    | binary.SplitListAction
    | http.HttpStatusAction
    | http.HttpStatusEarlyAction
    | http.SnmsAction
    | http.SnmsEarlyAction
    | http.CutBatchAction
    | http.RefuseItemsAction
    | http.SlowBodyAction
    | http.StaleAction
    | handshake.CertificateAction,
    Field(discriminator="kind"),
]
"""Every action; a new one is a class and a row here."""


class Fault(BaseModel):
    """A rule: match → action → when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    match: Match = Match()
    action: Action
    when: When = When()
    on: bool = True
    by_header: bool = False
    """Only for requests that name it in ``X-Idnode-Fault``."""
    en: Annotated[str, Field(max_length=2_000)] = ""
    zh: Annotated[str, Field(max_length=2_000)] = ""
    """What happens in the field, and what a good client does."""


class FaultsInvalid(ValueError):
    """A description of faults has a mistake; the message names the fault and the field."""


def read_faults(found: Any) -> list[Fault]:
    """Return the faults that plain data describes: a list, or an object with the list under ``faults``.

    Raises:
        FaultsInvalid: A mistake, named by fault and field.

    """
    rows = found.get("faults", found) if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise FaultsInvalid("Expected a list of faults")
    if len(rows) > FAULTS_MAX:
        raise FaultsInvalid(f"At most {FAULTS_MAX} faults at once")
    faults = [_read(row, number) for number, row in enumerate(rows, 1)]
    names = [fault.name for fault in faults]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise FaultsInvalid(f"There are two faults named {twice}")
    for fault in faults:
        _check_match(fault)
    return faults


def _check_match(fault: Fault) -> None:
    """Refuse conditions that cannot be known yet when the action comes."""
    if fault.action.before and not fault.match.early:
        raise FaultsInvalid(
            f"{fault.name}: {fault.action.kind} comes before anything is decoded, so it matches by face, "
            "method, path and header alone"
        )
    if fault.action.handshake and (fault.match != Match() or fault.by_header):
        raise FaultsInvalid(
            f"{fault.name}: {fault.action.kind} comes before there is a request, so it matches every connection"
        )


def _read(row: Any, number: int) -> Fault:
    name = row.get("name", f"fault {number}") if isinstance(row, dict) else f"fault {number}"
    try:
        return Fault.model_validate(row)
    except ValidationError as error:
        raise FaultsInvalid(f"{name}: {_complaint(error)}") from error


def _complaint(error: ValidationError) -> str:
    found = error.errors()[0]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"


def as_data(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Return faults as plain data, without what is at its default."""
    return [fault.model_dump(mode="json", exclude_defaults=True) for fault in faults]


def named(faults: Sequence[Fault], name: str) -> Fault | None:
    """Return the fault of this name."""
    return next((fault for fault in faults if fault.name == name), None)
