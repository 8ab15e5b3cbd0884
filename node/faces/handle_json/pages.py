"""The few small HTML pages of the browser face; everything that comes from outside is escaped."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Final

from idnode.registry.handle.model import HandleValue, TtlType

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Sent with every page: nothing on it may load, run or frame anything."""

_LINKED: Final = ("http://", "https://", "ftp://")
_SHOWN_CHARACTERS_MAX: Final = 4096
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #ddd}"
    "td.data{overflow-wrap:anywhere;white-space:pre-wrap}"
    "input[type=text]{width:28rem;max-width:100%;font:inherit;padding:.3rem}"
    "button{font:inherit;padding:.3rem 1rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}"
    "th,td{border-color:#444}a{color:#8ab4f8}}"
)
_FORM: Final = (
    '<form method="post" action="/" accept-charset="utf-8">\n'
    '<p><label for="hdl">Handle</label> <input type="text" id="hdl" name="hdl" required> '
    '<button type="submit">Submit</button></p>\n'
    '<p><label><input type="checkbox" name="noredirect"> Don\'t redirect to URLs</label></p>\n'
    "</form>"
)


def _page(title: str, content: str) -> bytes:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{content}\n</body>\n</html>\n"
    ).encode(errors="replace")


def query_form(console: str | None = None) -> bytes:
    """Return the page at the root, where a handle can be typed in, and which leads to the console if it is given."""
    shown = escape(console or "")
    link = f'\n<p><a href="{shown}">Console / 控制台</a></p>' if console else ""
    return _page("Handle Proxy", f"<h1>Resolve a handle</h1>\n{_FORM}{link}")


def not_found(handle: str, message: str, title: str = "Not Found") -> bytes:
    """Return the page for a handle that cannot be shown."""
    return _page(
        title,
        f"<h1>{escape(title)}</h1>\n<p><code>{escape(handle)}</code></p>\n"
        f"<p>{escape(message)}</p>\n{_FORM}",
    )


def values_page(handle: str, values: Iterable[HandleValue], note: str = "") -> bytes:
    """Return the page that lists the values of a record, with a note above them if there is any."""
    said = f"<p>{escape(note)}</p>\n" if note else ""
    rows = "\n".join(_row(value) for value in values)
    return _page(
        "Handle Proxy",
        f"<h1>Handle values for: {escape(handle)}</h1>\n{said}<table>\n<thead><tr><th>Index</th>"
        f"<th>Type</th><th>Timestamp</th><th>Data</th></tr></thead>\n<tbody>\n{rows}\n"
        f"</tbody>\n</table>\n{_FORM}",
    )


def _row(value: HandleValue) -> str:
    stamp = datetime.fromtimestamp(value.timestamp, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    lasting = "" if value.ttl_type == TtlType.RELATIVE else " (absolute TTL)"
    return (
        f"<tr><td>{value.index}</td><td>{escape(value.type)}</td><td>{stamp}{lasting}</td>"
        f'<td class="data">{_data(value.data)}</td></tr>'
    )


def _data(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data[: _SHOWN_CHARACTERS_MAX // 2].hex()
    if len(text) > _SHOWN_CHARACTERS_MAX:
        text = text[:_SHOWN_CHARACTERS_MAX] + "…"
    shown = escape(text)
    if text.startswith(_LINKED) and not any(character.isspace() for character in text):
        return f'<a href="{shown}" rel="noreferrer">{shown}</a>'
    return shown


def redirect_page(url: str) -> bytes:
    """Return the tiny page that comes along with a redirect, as the original writes it."""
    shown = escape(url)
    body = f'<a href="{shown}">{shown}</a>' if url.startswith(_LINKED) else shown
    return (
        f"<html><head><title>Handle Redirect</title></head>\n<body>{body}</body></html>"
    ).encode(errors="replace")
