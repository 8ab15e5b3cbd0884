"""A blocking client of the SNMS API, over the standard library; what the methods promise is told in `idnode.clients.snms`."""

from typing import TYPE_CHECKING, Any, TypeVar

from idnode.clients.calls import Blocking, run
from idnode.clients.snms_calls import SnmsCalls
from idnode.clients.web_blocking import Client as WebClient
from idnode.clients.web_calls import TIMEOUT_SECONDS

if TYPE_CHECKING:
    from idnode.clients.snms_requests import Account, WithToken
    from idnode.clients.web_requests import Call
    from idnode.registry.handle.clock import Clock

Result = TypeVar("Result")


class Client(SnmsCalls, Blocking):
    """One node and one account; the token is asked for when it is needed, and again when it has expired."""

    def __init__(
        self,
        base: str,
        account: "Account",
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: "Clock | None" = None,
    ) -> None:
        super().__init__(account, clock)
        self._web = WebClient(base, timeout_seconds=timeout_seconds, clock=self._clock)

    def close(self) -> None:
        """Close every connection."""
        self._web.close()

    def do(self, make: "WithToken[Result]") -> Result:
        """Carry out any call of `idnode.clients.snms_requests`.

        A call that is refused for the sake of its token was not carried out, so it is sent again with a new
        one, whatever it does.

        Raises:
            SnmsRefused: The node refused; the leaf says how.
            NotAnswered: No usable answer came; a write may have been carried out.

        """
        return run(self._with_token(make), self._perform)

    def _perform(self, step: "Call[Any]") -> Any:
        return self._web.do(step)
