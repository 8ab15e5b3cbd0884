"""Calls of the IDHub clients, each a few steps over HTTP; `idhub` and `idhub_blocking` move them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from idnode.clients import idhub_requests as requests
from idnode.clients.calls import call
from idnode.clients.idhub_answers import (
    MetadataTemplate,
    ObjectPage,
    ResolvedObject,
    TokenInvalid,
)
from idnode.clients.idhub_requests import ApplicationIdentity
from idnode.clients.token_calls import TokenCalls
from idnode.clients.web_calls import Steps, result_of

Result = TypeVar("Result")


class IdhubCalls(TokenCalls):
    """One application of one node; it proves who it is when a token is needed, and again when that has expired.

    Besides what a method names, each raises `IdhubRefused` (the leaf says how the node refused) and `NotAnswered` (no
    usable answer came; a write may have been carried out).
    """

    token_refused = TokenInvalid

    def __init__(self, identity: ApplicationIdentity) -> None:
        self._identity = identity

    @call
    def login(self) -> Steps[str]:
        """Answer a challenge and return the token."""
        return (yield from self._new_token())

    def _new_token(self) -> Steps[str]:
        nonce = yield from result_of(requests.challenge(self._identity.handle))
        self._token = yield from result_of(requests.proof(self._identity, nonce))
        return self._token

    @call
    def create_template(self, template: MetadataTemplate) -> Steps[str]:
        """Make a metadata template, unpublished, and return its handle."""
        return (yield from self._with_token(requests.create_template(template)))

    @call
    def template(self, handle: str) -> Steps[Mapping[str, Any]]:
        """Return a metadata template as the node shows it."""
        return (yield from self._with_token(requests.template_info(handle)))

    @call
    def publish(self, *handles: str, withdraw: bool = False) -> Steps[dict[str, str]]:
        """Publish metadata templates, or withdraw them; return why not, by handle, for those that failed."""
        asked = requests.publish(handles, withdraw=withdraw)
        return (yield from self._with_token(asked))

    @call
    def delete_templates(self, handles: Sequence[str]) -> Steps[None]:
        """Delete metadata templates that are not published."""
        yield from self._with_token(requests.delete_templates(handles))

    @call
    def grant_template(
        self, handle: str, users: Sequence[str] = (), *, everybody: bool = False
    ) -> Steps[None]:
        """Grant a metadata template to applications and groups, or to everybody."""
        asked = requests.grant_template(handle, users, everybody=everybody)
        yield from self._with_token(asked)

    @call
    def templates(
        self, classify: str = "UN_CLASSIFIED", *, number: int = 0, size: int = 10
    ) -> Steps[ObjectPage]:
        """Return a page of metadata templates."""
        return (yield from self._with_token(requests.templates(classify, number, size)))

    @call
    def create(self, handle: str, template: str, content: Mapping[str, Any]) -> Steps[None]:
        """Create an identifier; ``content`` is keyed by the items' English names."""
        asked = requests.write(requests.CREATE, handle, template, content)
        yield from self._with_token(asked)

    @call
    def update(
        self, handle: str, template: str, content: Mapping[str, Any], *, whole: bool = False
    ) -> Steps[None]:
        """Change the items that ``content`` names; with ``whole`` it stands for all of them."""
        operation = requests.UPDATE if whole else requests.UPDATE_PARTLY
        yield from self._with_token(requests.write(operation, handle, template, content))

    @call
    def delete(self, handle: str) -> Steps[None]:
        """Delete an identifier."""
        yield from self._with_token(requests.delete(handle))

    @call
    def retrieve(self, handle: str) -> Steps[ResolvedObject]:
        """Resolve an identifier, or a metadata template."""
        return (yield from self._with_token(requests.retrieve(handle)))

    @call
    def identifiers(self, template: str, *, number: int = 0, size: int = 10) -> Steps[ObjectPage]:
        """Return a page of the identifiers of a metadata template."""
        return (yield from self._with_token(requests.identifiers(template, number, size)))

    @call
    def grant(
        self,
        handle: str,
        *,
        readers: Sequence[str] = (),
        writers: Sequence[str] = (),
        everybody: bool = False,
    ) -> Steps[None]:
        """Grant one identifier: to readers and writers, or for reading to everybody."""
        asked = requests.grant(handle, readers, writers, everybody=everybody)
        yield from self._with_token(asked)
