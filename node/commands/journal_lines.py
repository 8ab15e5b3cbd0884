"""Journal entries as lines for people: one line each, and a whole one as a protocol tree."""

import json
from collections.abc import Iterator
from typing import Any, Final

from rich.text import Text
from rich.tree import Tree

_TEXT_CHARACTERS_MAX: Final = 160


def line_of(entry: dict[str, Any], speak: str) -> Text:
    """Return an entry as one coloured line, with the reason of a refusal behind it."""
    why = entry["why"]
    colour = "red" if why else "green"
    text = Text()
    text.append(f"{entry['number']:>6} ", "dim")
    text.append(entry["time"][11:23] + " ", "dim")
    text.append(f"{entry['face']:<11} ", "cyan")
    text.append(f"{entry['operation'] or '?':<14} ")
    text.append(f"{outcome_of(entry):<8} ", colour)
    text.append(plain(entry["handle"] or "-"), "bold")
    who = entry["identity"] or entry["account"]
    text.append(f"  {plain(who)}" if who else "", "dim")
    if entry["fault"]:
        text.append(f"  fault {entry['fault']}", "magenta")
    if why:
        text.append(f"  {plain(why[speak])} ", "yellow")
        text.append(f"[{why['rule']}]", "dim")
    return text


def outcome_of(entry: dict[str, Any]) -> str:
    """Return response code and HTTP status, as far as there are any."""
    parts = [f"rc {entry['code']}" if entry["code"] is not None else "", str(entry["status"] or "")]
    return " ".join(filter(None, parts)) or "none"


def tree_of(entry: dict[str, Any], speak: str) -> Tree:
    """Return a whole entry as a tree: why, request and answer, with each field's offset."""
    tree = Tree(line_of(entry, speak))
    tree.add(f"id {entry['id']}, from {plain(entry['peer'])}, {entry['seconds'] * 1000:.3f} ms")
    if entry["why"] is not None:
        why = tree.add(Text(f"why: {entry['why']['rule']}", "yellow"))
        why.add(Text(plain(entry["why"][speak])))
        why.add(Text(plain(entry["why"][f"do_{speak}"]), "green"))
        if entry["why"]["source"]:
            why.add(Text(entry["why"]["source"], "dim"))
        for miss in entry.get("near", ()):
            why.add(Text(plain(miss[speak]), "bold"))
    _add_message(tree, "request", entry["request"])
    if entry["answer"] is None:
        tree.add(Text("no answer", "dim"))
    else:
        _add_message(tree, "answer", entry["answer"])
    if entry["answers"] > 1:
        tree.add(Text(f"and {entry['answers'] - 1} further messages of the answer", "dim"))
    return tree


def _add_message(tree: Tree, name: str, message: dict[str, Any]) -> None:
    branch = tree.add(Text(f"{name}, {message['length']} bytes", "bold"))
    if message["form"] == "http":
        start = [message.get(part, "") for part in ("method", "target", "status", "phrase")]
        branch.add(Text(plain(" ".join(filter(None, start)))))
        for header, value in message["headers"]:
            branch.add(Text(plain(f"{header}: {value}"), "dim"))
        for part in _body_lines(message["body"]):
            branch.add(Text(plain(part)))
        return
    for field in message["fields"]:
        _add_field(branch, field)


def _add_field(tree: Tree, field: dict[str, Any]) -> None:
    text = Text(f"{field['offset']:>5} ", "dim")
    text.append(field["name"], "cyan")
    if field["text"]:
        text.append(f" {plain(field['text'])}")
    branch = tree.add(text)
    for child in field.get("fields", ()):
        _add_field(branch, child)


def _body_lines(body: str) -> Iterator[str]:
    try:
        shown = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        shown = body
    yield from shown.splitlines()


def plain(text: str) -> str:
    """Return a text that came from a peer, cut, with everything unprintable escaped."""
    cut = text if len(text) <= _TEXT_CHARACTERS_MAX * 4 else text[: _TEXT_CHARACTERS_MAX * 4] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
