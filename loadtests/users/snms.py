"""Users of the secondary-node OpenAPI (SNMS): the detail of one identifier a request."""

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from idnode.clients.web_requests import Call, HttpResponse, read_object
from idnode.loadtests.profile import Face
from idnode.loadtests.users.node_user import Asked, WebUser

if TYPE_CHECKING:
    from locust.env import Environment

_DETAIL: Final = "/identityv2/data/detail?handle="
_SUCCESS: Final = 1
_RULE_BROKEN: Final = -2
_MISSING: Final = "没有找到标识"


def detail(handle: bytes) -> Call[str | None]:
    """Return the call that asks for an identifier; what comes back is None, or what kept it from coming."""
    return Call("GET", _DETAIL + quote(handle, safe=""), _read_detail)


def _read_detail(response: HttpResponse) -> str | None:
    found = read_object(response)
    status = found.get("status")
    if status == _SUCCESS:
        return None
    if status == _RULE_BROKEN and found.get("message") == _MISSING:
        return _MISSING
    return f"Status{status}"


def failure_of(kept: str | None, *, exists: bool) -> str | None:
    """Return what is wrong with an answer to `detail`."""
    if kept is None:
        return None if exists else "FoundMissing"
    if kept == _MISSING:
        return "HandleNotFound" if exists else None
    return kept


class SnmsUser(WebUser):
    """Asks for the detail of identifiers, as a page behind a scanned code does; nobody logs in for that."""

    abstract = False
    face = Face.SNMS

    def __init__(self, environment: "Environment") -> None:
        super().__init__(environment)
        self.keys = self.load.keys_for(self.chance)

    def next_handle(self) -> tuple[bytes, bool]:
        """Return what is asked for next, and whether it exists."""
        return self.keys.next()

    def ask(self) -> Asked:
        """Ask for an identifier, and compare whether it was found with whether it exists."""
        handle, exists = self.next_handle()
        self.name = "resolve" if exists else "resolve missing"
        return self.name, 1, failure_of(self.client.do(detail(handle)), exists=exists)
