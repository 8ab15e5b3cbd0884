"""Traces of identifiers as a client of this node sees them: the node asks its own port, as anybody would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.addresses import WILDCARDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from idnode.node.addresses import Addresses


def tracing(
    addresses: Callable[[], Addresses],
) -> Callable[[str, str, str], Awaitable[dict[str, Any]]]:
    """Return what tells how a client finds an identifier over ``udp`` or ``tcp``, as JSON with a picture.

    The third argument is the language of the picture, ``zh`` or ``en``.
    """

    async def trace(handle: str, transport: str, language: str) -> dict[str, Any]:
        # Clients are loaded when somebody looks at the first trace.
        from idnode.clients import aio  # noqa: PLC0415
        from idnode.clients.answer import Question, Transport  # noqa: PLC0415
        from idnode.clients.tracing.picture import trace_picture  # noqa: PLC0415
        from idnode.clients.tracing.trace import trace_object  # noqa: PLC0415
        from idnode.node.trace_words import in_chinese  # noqa: PLC0415

        host, port = addresses().handle_tcp
        place = WILDCARDS.get(host, host), port
        async with aio.Client(place, transport=Transport(transport)) as client:
            found = await client.trace(Question.of(handle), await client.place())
        return trace_object(found) | {
            "picture": trace_picture(found, in_chinese if language == "zh" else str)
        }

    return trace
