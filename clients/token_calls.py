"""Calls that carry a token: it is asked for when it is needed, and again when the node takes it no longer."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, TypeVar

from idnode.clients.web_calls import Steps, result_of

if TYPE_CHECKING:
    from idnode.clients.web_requests import WithToken

Result = TypeVar("Result")


class TokenCalls(ABC):
    """Whoever a node gives tokens to; ``token_refused`` is the error of a token that it takes no longer."""

    token_refused: ClassVar[type[Exception]]
    _token = ""

    @abstractmethod
    def _new_token(self) -> Steps[str]:
        """Ask for a token, and keep it."""

    def _with_token(self, make: "WithToken[Result]") -> Steps[Result]:
        """Carry out a call; one that is refused for its token was not carried out, and is sent again with a new one."""
        fresh = not self._token
        if fresh:
            yield from self._new_token()
        try:
            return (yield from result_of(make(self._token)))
        except self.token_refused:
            if fresh:
                raise
        yield from self._new_token()
        return (yield from result_of(make(self._token)))
