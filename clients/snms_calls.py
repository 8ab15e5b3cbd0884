"""Calls of the SNMS clients, each a few steps over HTTP; `snms` and `snms_blocking` move them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from idnode.clients import snms_requests as requests
from idnode.clients.calls import call
from idnode.clients.snms_answers import Identifier, ItemOutcome, NotLoggedIn, PageOf, Template
from idnode.clients.snms_requests import Account
from idnode.clients.token_calls import TokenCalls
from idnode.clients.web_calls import Steps, result_of
from idnode.registry.handle.clock import Clock, SystemClock

Result = TypeVar("Result")


class SnmsCalls(TokenCalls):
    """One account of one node; the token is asked for when it is needed, and again when it has expired.

    Besides what a method names, each raises `SnmsRefused` (the leaf says how the node refused) and `NotAnswered` (no
    usable answer came; a write may have been carried out).
    """

    token_refused = NotLoggedIn

    def __init__(self, account: Account, clock: Clock | None) -> None:
        self._account = account
        self._clock = clock or SystemClock()

    @call
    def login(self) -> Steps[str]:
        """Ask for a new token and return it.

        Raises:
            RuleBroken: No such account, or another password.

        """
        return (yield from self._new_token())

    def _new_token(self) -> Steps[str]:
        asked = requests.login(self._account, self._clock.now())
        self._token = yield from result_of(asked)
        return self._token

    @call
    def register_user(self, username: str, password: str, email: str, mobile: str) -> Steps[None]:
        """Make a user; for administrators."""
        yield from self._with_token(requests.register_user(username, password, email, mobile))

    @call
    def template(self, prefix: str, version: str) -> Steps[Template]:
        """Return a template."""
        return (yield from self._with_token(requests.read_template_call(prefix, version)))

    @call
    def create_template(self, template: Template) -> Steps[None]:
        """Make a template."""
        yield from self._with_token(requests.create_template(template))

    @call
    def edit_template(self, template: Template) -> Steps[None]:
        """Change a template; items that are left out stay as they are."""
        yield from self._with_token(requests.edit_template(template))

    @call
    def delete_template(self, prefix: str, version: str) -> Steps[None]:
        """Delete a template."""
        yield from self._with_token(requests.delete_template(prefix, version))

    @call
    def detail(self, handle: str) -> Steps[Identifier]:
        """Return an identifier."""
        return (yield from self._with_token(requests.detail(handle)))

    @call
    def create(self, identifier: Identifier) -> Steps[None]:
        """Register an identifier."""
        yield from self._with_token(requests.create(identifier))

    @call
    def update(self, identifier: Identifier) -> Steps[None]:
        """Change an identifier."""
        yield from self._with_token(requests.update(identifier))

    @call
    def delete(self, handle: str) -> Steps[None]:
        """Delete an identifier."""
        yield from self._with_token(requests.delete(handle))

    @call
    def batch_create(self, identifiers: Sequence[Identifier]) -> Steps[list[ItemOutcome]]:
        """Register up to 2,000 identifiers; each has its own outcome, in order."""
        return (yield from self._with_token(requests.batch_create(identifiers)))

    @call
    def batch_update(self, identifiers: Sequence[Identifier]) -> Steps[list[ItemOutcome]]:
        """Change up to 2,000 identifiers; each has its own outcome, in order."""
        return (yield from self._with_token(requests.batch_update(identifiers)))

    @call
    def batch_delete(self, handles: Sequence[str]) -> Steps[list[ItemOutcome]]:
        """Delete up to 2,000 identifiers; each has its own outcome, in order."""
        return (yield from self._with_token(requests.batch_delete(handles)))

    @call
    def upload(self, content: bytes, name: str) -> Steps[int]:
        """Upload an image or PDF and return the number that forms name it by."""
        return (yield from self._with_token(requests.upload(content, name)))

    @call
    def apply(self, form: Mapping[str, Any]) -> Steps[None]:
        """Make a user (``sysUser``) and its enterprise; for administrators."""
        yield from self._with_token(requests.apply(form))

    @call
    def upgrade(self, username: str, form: Mapping[str, Any]) -> Steps[None]:
        """Make or change the enterprise of a user."""
        yield from self._with_token(requests.upgrade(username, form))

    @call
    def enterprises(self, number: int = 1, size: int = 10, name: str = "") -> Steps[PageOf]:
        """Return a page of enterprises."""
        return (yield from self._with_token(requests.enterprises(number, size, name)))

    @call
    def enterprise(self, number: int) -> Steps[Mapping[str, Any]]:
        """Return the application of an enterprise."""
        return (yield from self._with_token(requests.enterprise(number)))

    @call
    def prefix(self, name: str) -> Steps[Mapping[str, Any]]:
        """Return a prefix."""
        return (yield from self._with_token(requests.prefix(name)))

    @call
    def prefixes(self, number: int = 1, size: int = 10, name: str = "") -> Steps[PageOf]:
        """Return a page of prefixes."""
        return (yield from self._with_token(requests.prefixes(number, size, name)))

    @call
    def host(self, name: str, server: int = 1) -> Steps[None]:
        """Apply for a prefix to be hosted."""
        yield from self._with_token(requests.host(name, server))

    @call
    def use_own_server(
        self, name: str, ip: str, *, tcp_port: int = 2641, udp_port: int = 2641
    ) -> Steps[None]:
        """Name the server that answers for a prefix."""
        yield from self._with_token(requests.use_own_server(name, ip, tcp_port, udp_port))
