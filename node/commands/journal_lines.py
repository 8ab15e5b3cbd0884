"""Journal entries as lines for people: one line each, and a whole one as a protocol tree."""

import json
from collections.abc import Iterator
from typing import Any, Final

from rich.text import Text
from rich.tree import Tree

_TEXT_CHARACTERS_MAX: Final = 160

_LABELS: Final = {
    "en": {
        "fault": "fault {name}",
        "origin": "id {id}, from {peer}, {milliseconds:.3f} ms",
        "why": "why: {rule}",
        "request": "request, {length} bytes",
        "answer": "answer, {length} bytes",
        "no answer": "no answer",
        "further": "and {count} further messages of the answer",
    },
    "zh": {
        "fault": "故障 {name}",
        "origin": "请求号 {id}，来自 {peer}，{milliseconds:.3f} 毫秒",
        "why": "原因：{rule}",
        "request": "请求，{length} 字节",
        "answer": "应答，{length} 字节",
        "no answer": "没有应答",
        "further": "应答另有 {count} 条消息",
    },
}


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
        text.append(f"  {_LABELS[speak]['fault'].format(name=entry['fault'])}", "magenta")
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
    labels = _LABELS[speak]
    tree = Tree(line_of(entry, speak))
    peer, milliseconds = plain(entry["peer"]), entry["seconds"] * 1000
    tree.add(labels["origin"].format(id=entry["id"], peer=peer, milliseconds=milliseconds))
    if entry["why"] is not None:
        why = tree.add(Text(labels["why"].format(rule=entry["why"]["rule"]), "yellow"))
        why.add(Text(plain(entry["why"][speak])))
        why.add(Text(plain(entry["why"][f"do_{speak}"]), "green"))
        if entry["why"]["source"]:
            why.add(Text(entry["why"]["source"], "dim"))
        for miss in entry.get("near", ()):
            why.add(Text(plain(miss[speak]), "bold"))
    _add_message(tree, labels["request"], entry["request"])
    if entry["answer"] is None:
        tree.add(Text(labels["no answer"], "dim"))
    else:
        _add_message(tree, labels["answer"], entry["answer"])
    if entry["answers"] > 1:
        tree.add(Text(labels["further"].format(count=entry["answers"] - 1), "dim"))
    return tree


def _add_message(tree: Tree, label: str, message: dict[str, Any]) -> None:
    branch = tree.add(Text(label.format(length=message["length"]), "bold"))
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
