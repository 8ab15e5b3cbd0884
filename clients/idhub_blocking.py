"""A blocking client of the IDHub API, over the standard library; what the methods promise is told in `idnode.clients.idhub`."""

from typing import TYPE_CHECKING, Any, TypeVar

from idnode.clients.calls import Blocking, run
from idnode.clients.idhub_calls import IdhubCalls
from idnode.clients.web_blocking import Client as WebClient
from idnode.clients.web_calls import TIMEOUT_SECONDS

if TYPE_CHECKING:
    from idnode.clients.idhub_requests import ApplicationIdentity, WithToken
    from idnode.clients.web_requests import Call
    from idnode.registry.handle.clock import Clock

Result = TypeVar("Result")


class Client(IdhubCalls, Blocking):
    """One node and one application, which proves who it is when a token is needed."""

    def __init__(
        self,
        base: str,
        identity: "ApplicationIdentity",
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: "Clock | None" = None,
    ) -> None:
        super().__init__(identity)
        self._web = WebClient(base, timeout_seconds=timeout_seconds, clock=clock)

    def close(self) -> None:
        """Close every connection."""
        self._web.close()

    def do(self, make: "WithToken[Result]") -> Result:
        """Carry out any call of `idnode.clients.idhub_requests`.

        A call that is refused for the sake of its token was not carried out, so it is sent again with a new
        one, whatever it does.

        Raises:
            IdhubRefused: The node refused; the leaf says how.
            NotAnswered: No usable answer came; a write may have been carried out.

        """
        return run(self._with_token(make), self._perform)

    def _perform(self, step: "Call[Any]") -> Any:
        return self._web.do(step)
