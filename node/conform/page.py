"""The report as a page: a matrix of squares that lead to the evidence, in English and Chinese, one file without others."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from idnode.node.conform.report import exchange_lines, exchanges
from idnode.node.conform.rule import Verdict
from idnode.node.conform.rules.table import RULES

if TYPE_CHECKING:
    from idnode.node.conform.judging import Result
    from idnode.node.conform.report import Run
    from idnode.node.conform.rule import Judgement

_FACES: Final = {
    "handle_udp": ("Handle, UDP", "Handle，UDP"),
    "handle_tcp": ("Handle, TCP", "Handle，TCP"),
    "handle_json": ("Handle JSON", "Handle JSON"),
    "bulk": ("Batches", "批量"),
    "snms": ("SNMS", "SNMS"),
    "idhub": ("IDHub", "IDHub"),
    "traffic": ("Traffic", "流量"),
}
_WORDS: Final = {
    Verdict.PASSED: ("passed", "通过"),
    Verdict.FAILED: ("failed", "失败"),
    Verdict.UNCLEAR: ("unclear", "不明"),
    Verdict.SKIPPED: ("skipped", "跳过"),
}
_KNOWN: Final = ("known", "已知")


def as_html(run: Run) -> str:
    """Return the page of a run."""
    folder = files("idnode.node.conform")
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(run.client)} · idnode conform</title>",
        f"<style>{(folder / 'page.css').read_text(encoding='utf-8')}</style></head><body>",
        '<button id="language" type="button">中文</button>',
        f"<h1>{escape(run.client)}</h1><p class=meta>idnode conform · {escape(run.at)}</p>",
        _counts(run),
        *(_matrix(run, face) for face in _faces(run)),
        "<h2>", _both("Evidence", "证据"), "</h2>",
        *(_details(run, result) for result in run.results),
        f"<script>{(folder / 'page.js').read_text(encoding='utf-8')}</script></body></html>",
    ]  # fmt: skip
    return "".join(parts)


def _faces(run: Run) -> list[str]:
    return list(dict.fromkeys(str(result.case.face) for result in run.results))


def _both(en: str, zh: str) -> str:
    return f'<span lang="en">{escape(en)}</span><span lang="zh">{escape(zh)}</span>'


def _shade(
    run: Run, result: Result, rule: str, judgement: Judgement
) -> tuple[str, tuple[str, str]]:
    """Return class and words of a judgement's square."""
    if judgement.verdict is Verdict.FAILED and run.reason(result, rule) is not None:
        return "known", _KNOWN
    return str(judgement.verdict), _WORDS[judgement.verdict]


def _counts(run: Run) -> str:
    counts = run.counts()
    cells = [
        f'<span class="square {verdict}"></span> {counts[verdict]} {_both(*words)}'
        for verdict, words in _WORDS.items()
    ]
    if run.known:
        cells.append(
            f'<span class="square known"></span> {_both("failed, and known", "失败（已知）")}'
        )
    total = f"<b>{len(run.results)}</b> {_both('cases', '个用例')}"
    return f"<p class=counts>{total} {' '.join(f'<span>{each}</span>' for each in cells)}</p>"


def _matrix(run: Run, face: str) -> str:
    rows = [
        f'<tr><th scope="row"><a href="#{result.case.id}">{result.case.id}</a></th>'
        f"<td class=squares>{_squares(run, result)}</td>"
        f"<td>{_both(result.case.en, result.case.zh)}</td></tr>"
        for result in run.results
        if result.case.face == face
    ]
    return f"<h2>{_both(*_FACES[face])}</h2><table>{''.join(rows)}</table>"


def _squares(run: Run, result: Result) -> str:
    found = []
    for name, each in result.judgements.items():
        shade, words = _shade(run, result, name, each)
        title = escape(f"{name}: {words[0]} / {words[1]}", quote=True)
        found.append(
            f'<a class="square {shade}" href="#{result.case.id}-{name}" title="{title}">'
            f"<span>{title}</span></a>"
        )
    return "".join(found)


def _details(run: Run, result: Result) -> str:
    outcome = result.outcome
    said = ""
    if outcome is not None:
        told = " ".join(filter(None, (outcome.outcome, outcome.kind, outcome.message)))
        said = f"<p>{_both('The client said', '客户端报告')}: <code>{escape(told)}</code></p>"
    judged = "".join(
        _judgement(run, result, name, each) for name, each in result.judgements.items()
    )
    return (
        f'<section id="{result.case.id}"><h3>{result.case.id}'
        f" <small>{result.seconds:.2f} s</small></h3>"
        f"<p>{_both(result.case.en, result.case.zh)}</p>{said}{judged}</section>"
    )


def _judgement(run: Run, result: Result, name: str, judgement: Judgement) -> str:
    rule = RULES[name]
    shade, words = _shade(run, result, name, judgement)
    lines = [
        f'<div class="judgement" id="{result.case.id}-{name}">',
        (
            f'<p><span class="square {shade}"></span> <b>{name}</b> {rule.level}'
            f" · {_both(*words)} · <small>{escape(rule.source)}</small></p>"
        ),
        f"<p>{_both(f'Right: {rule.en}', f'正确做法：{rule.zh}')}</p>",
    ]
    if judgement.en:
        lines.append(f"<p>{_both(f'Found: {judgement.en}', f'实际：{judgement.zh}')}</p>")
    reason = run.reason(result, name)
    if reason is not None:
        lines.append(f"<p>{_both('Known', '已知')}: {escape(reason)}</p>")
    for entry in exchanges(result, judgement):
        text = "\n".join(exchange_lines(entry))
        title = f"#{entry['number']} {entry['face']} {entry['operation']}"
        lines.append(
            f"<details open><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>"
        )
    return "".join([*lines, "</div>"])
