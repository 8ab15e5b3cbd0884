"""A blocking client of the SNMS API, over the standard library; what the methods promise is told in `idnode.clients.snms`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from idnode.clients import snms_requests as requests
from idnode.clients.snms_answers import Identifier, ItemOutcome, NotLoggedIn, PageOf, Template
from idnode.clients.snms_requests import Account, WithToken
from idnode.clients.web_blocking import TIMEOUT_SECONDS
from idnode.clients.web_blocking import Client as WebClient
from idnode.registry.handle.clock import Clock, SystemClock

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

Result = TypeVar("Result")


class Client:
    """One node and one account; the token is asked for when it is needed, and again when it has expired."""

    def __init__(
        self,
        base: str,
        account: Account,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._web = WebClient(base, timeout_seconds=timeout_seconds, clock=self._clock)
        self._account = account
        self._token = ""

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: "BaseException | None",
        trace: "TracebackType | None",
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._web.close()

    def login(self) -> str:
        """Ask for a new token and return it.

        Raises:
            RuleBroken: No such account, or another password.
            NotAnswered: No usable answer came.

        """
        now = self._clock.now()
        self._token = self._web.do(requests.login(self._account, now))
        return self._token

    def do(self, make: WithToken[Result]) -> Result:
        """Carry out any call of `idnode.clients.snms_requests`.

        A call that is refused for the sake of its token was not carried out, so it is sent again with a new
        one, whatever it does.

        Raises:
            SnmsRefused: The node refused; the leaf says how.
            NotAnswered: No usable answer came; a write may have been carried out.

        """
        fresh = not self._token
        if fresh:
            self.login()
        try:
            return self._web.do(make(self._token))
        except NotLoggedIn:
            if fresh:
                raise
        self.login()
        return self._web.do(make(self._token))

    def register_user(self, username: str, password: str, email: str, mobile: str) -> None:
        """Make a user; for administrators."""
        self.do(requests.register_user(username, password, email, mobile))

    def template(self, prefix: str, version: str) -> Template:
        """Return a template."""
        return self.do(requests.read_template_call(prefix, version))

    def create_template(self, template: Template) -> None:
        """Make a template."""
        self.do(requests.create_template(template))

    def edit_template(self, template: Template) -> None:
        """Change a template; items that are left out stay as they are."""
        self.do(requests.edit_template(template))

    def delete_template(self, prefix: str, version: str) -> None:
        """Delete a template."""
        self.do(requests.delete_template(prefix, version))

    def detail(self, handle: str) -> Identifier:
        """Return an identifier."""
        return self.do(requests.detail(handle))

    def create(self, identifier: Identifier) -> None:
        """Register an identifier."""
        self.do(requests.create(identifier))

    def update(self, identifier: Identifier) -> None:
        """Change an identifier."""
        self.do(requests.update(identifier))

    def delete(self, handle: str) -> None:
        """Delete an identifier."""
        self.do(requests.delete(handle))

    def batch_create(self, identifiers: Sequence[Identifier]) -> list[ItemOutcome]:
        """Register up to 2,000 identifiers; each has its own outcome, in order."""
        return self.do(requests.batch_create(identifiers))

    def batch_update(self, identifiers: Sequence[Identifier]) -> list[ItemOutcome]:
        """Change up to 2,000 identifiers; each has its own outcome, in order."""
        return self.do(requests.batch_update(identifiers))

    def batch_delete(self, handles: Sequence[str]) -> list[ItemOutcome]:
        """Delete up to 2,000 identifiers; each has its own outcome, in order."""
        return self.do(requests.batch_delete(handles))

    def upload(self, content: bytes, name: str) -> int:
        """Upload an image or PDF and return the number that forms name it by."""
        return self.do(requests.upload(content, name))

    def apply(self, form: Mapping[str, Any]) -> None:
        """Make a user (``sysUser``) and its enterprise; for administrators."""
        self.do(requests.apply(form))

    def upgrade(self, username: str, form: Mapping[str, Any]) -> None:
        """Make or change the enterprise of a user."""
        self.do(requests.upgrade(username, form))

    def enterprises(self, number: int = 1, size: int = 10, name: str = "") -> PageOf:
        """Return a page of enterprises."""
        return self.do(requests.enterprises(number, size, name))

    def enterprise(self, number: int) -> Mapping[str, Any]:
        """Return the application of an enterprise."""
        return self.do(requests.enterprise(number))

    def prefix(self, name: str) -> Mapping[str, Any]:
        """Return a prefix."""
        return self.do(requests.prefix(name))

    def prefixes(self, number: int = 1, size: int = 10, name: str = "") -> PageOf:
        """Return a page of prefixes."""
        return self.do(requests.prefixes(number, size, name))

    def host(self, name: str, server: int = 1) -> None:
        """Apply for a prefix to be hosted."""
        self.do(requests.host(name, server))

    def use_own_server(
        self, name: str, ip: str, *, tcp_port: int = 2641, udp_port: int = 2641
    ) -> None:
        """Name the server that answers for a prefix."""
        self.do(requests.use_own_server(name, ip, tcp_port, udp_port))
