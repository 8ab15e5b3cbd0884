"""The page that shows an OpenAPI document: one file, nothing from any other host.

Its policy forbids everything but its own script and style, told by their digests, and asking its own host.
"""

import base64
import hashlib
import re
from importlib.resources import files
from typing import Final

_INLINE: Final = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)


def page() -> tuple[bytes, dict[str, str]]:
    """Return the page and the headers to send with it."""
    html = files("idnode.node.openapi").joinpath("page.html").read_bytes()
    digests = {
        kind.decode(): base64.b64encode(hashlib.sha256(text).digest()).decode()
        for kind, text in _INLINE.findall(html)
    }
    policy = (
        f"default-src 'none'; script-src 'sha256-{digests['script']}'; "
        f"style-src 'sha256-{digests['style']}'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return html, headers
