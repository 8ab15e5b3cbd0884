"""Methods of a client that are written once and serve a blocking and an asyncio client alike.

A method says what it asks, step by step, and does no I/O itself: it is a generator that yields a step, is sent
what came back for it, and returns its result. ``@call`` makes it a method that runs these steps to their end over
the client it is called on: under `Blocking` it returns the result, under `Waiting` it is a coroutine.

::

    class Calls:
        @call
        def get(self, handle: str) -> Generator[Call[Any], Any, Answer]:
            return (yield from answer_to(resolution(handle)))

    class Client(Calls, Blocking): ...       # client.get("88.900.1/cup")
    class AsyncClient(Calls, Waiting): ...   # await client.get("88.900.1/cup")

Both kinds have the method's signature and docstring, for type checkers, editors and ``help``.
"""

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from functools import wraps
from types import MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    TypeVar,
    get_args,
    overload,
)

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

Step = TypeVar("Step")
Found = TypeVar("Found")
Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")

_FOUND = 1
_RESULT = 2
"""Places among the arguments of a generator's type."""


class Blocking:
    """A client whose calls return when they are done; ``_perform`` carries out one step."""

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
        """Close what is open."""
        raise NotImplementedError

    def _perform(self, step: Any) -> Any:
        raise NotImplementedError


class Waiting:
    """A client whose calls are awaited; ``_perform`` carries out one step."""

    async def __aenter__(self) -> "Self":
        return self

    async def __aexit__(
        self,
        kind: "type[BaseException] | None",
        error: "BaseException | None",
        trace: "TracebackType | None",
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what is open."""
        raise NotImplementedError

    async def _perform(self, step: Any) -> Any:
        raise NotImplementedError


def run(steps: Generator[Step, Found, Result], perform: Callable[[Step], Found]) -> Result:
    """Return what the steps return; an error of a step is raised where the step was asked for."""
    try:
        step = next(steps)
        while True:
            try:
                found = perform(step)
            except Exception as error:  # noqa: BLE001  # the steps decide what to do about it
                step = steps.throw(error)
            else:
                step = steps.send(found)
    except StopIteration as finished:
        result: Result = finished.value
        return result


async def run_waiting(
    steps: Generator[Step, Found, Result],
    perform: Callable[[Step], Coroutine[Any, Any, Found]],
) -> Result:
    """Return what the steps return, awaiting each; an error of a step is raised where it was asked for."""
    try:
        step = next(steps)
        while True:
            try:
                found = await perform(step)
            except Exception as error:  # noqa: BLE001  # the steps decide what to do about it
                step = steps.throw(error)
            else:
                step = steps.send(found)
    except StopIteration as finished:
        result: Result = finished.value
        return result


def _show(function: Any, method: Callable[..., Any], argument: int) -> None:
    """Have ``help`` and editors show an argument of the method's generator as what the function returns."""
    signature = inspect.signature(method)
    arguments = get_args(signature.return_annotation)
    shown = arguments[argument] if arguments else inspect.Signature.empty
    function.__signature__ = signature.replace(return_annotation=shown)


class call(Generic[Parameters, Result]):  # noqa: N801  # a decorator, named as one
    """A method made of steps, run to its end by the client that it is called on."""

    def __init__(
        self, method: Callable[Concatenate[Any, Parameters], Generator[Any, Any, Result]]
    ) -> None:
        @wraps(method)
        def blocking(
            client: Blocking, /, *args: Parameters.args, **options: Parameters.kwargs
        ) -> Result:
            return run(method(client, *args, **options), client._perform)  # noqa: SLF001

        @wraps(method)
        async def waiting(
            client: Waiting, /, *args: Parameters.args, **options: Parameters.kwargs
        ) -> Result:
            return await run_waiting(method(client, *args, **options), client._perform)  # noqa: SLF001

        for function in (blocking, waiting):
            _show(function, method, _RESULT)
        self._blocking, self._waiting = blocking, waiting

    @overload
    def __get__(self, client: None, owner: type) -> "Self": ...

    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[Parameters, Result]: ...

    @overload
    def __get__(
        self, client: Waiting, owner: type
    ) -> Callable[Parameters, Coroutine[Any, Any, Result]]: ...

    def __get__(self, client: Any, owner: type) -> Any:
        function = self._waiting if issubclass(owner, Waiting) else self._blocking
        return function if client is None else MethodType(function, client)


class paged(Generic[Parameters, Found]):  # noqa: N801  # a decorator, named as one
    """A method whose steps each bring a part of the result, handed to the caller as it comes; empty ones are not."""

    def __init__(
        self, method: Callable[Concatenate[Any, Parameters], Generator[Any, Found, None]]
    ) -> None:
        @wraps(method)
        def blocking(
            client: Blocking, /, *args: Parameters.args, **options: Parameters.kwargs
        ) -> Iterator[Found]:
            steps = method(client, *args, **options)
            step = next(steps, None)
            while step is not None:
                found = client._perform(step)  # noqa: SLF001
                if found:
                    yield found
                step = _following(steps, found)

        @wraps(method)
        async def waiting(
            client: Waiting, /, *args: Parameters.args, **options: Parameters.kwargs
        ) -> AsyncIterator[Found]:
            steps = method(client, *args, **options)
            step = next(steps, None)
            while step is not None:
                found = await client._perform(step)  # noqa: SLF001
                if found:
                    yield found
                step = _following(steps, found)

        for function in (blocking, waiting):
            _show(function, method, _FOUND)
        self._blocking, self._waiting = blocking, waiting

    @overload
    def __get__(self, client: None, owner: type) -> "Self": ...

    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[Parameters, Iterator[Found]]: ...

    @overload
    def __get__(
        self, client: Waiting, owner: type
    ) -> Callable[Parameters, AsyncIterator[Found]]: ...

    def __get__(self, client: Any, owner: type) -> Any:
        function = self._waiting if issubclass(owner, Waiting) else self._blocking
        return function if client is None else MethodType(function, client)


def _following(steps: Generator[Step, Found, None], found: Found) -> Step | None:
    try:
        return steps.send(found)
    except StopIteration:
        return None
