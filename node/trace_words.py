"""Chinese for the sentences of a trace's picture (`clients/tracing/picture.py`); names of servers and codes stay."""

import re
from typing import Final

_WORDS: Final = {
    "answered": "已应答",
    "not found": "不存在",
    "refused": "被拒绝",
    "loop": "循环",
    "dead end": "无法继续",
    "too deep": "层数过多",
    "national": "国家顶级节点",
    "secondary": "二级节点",
    "enterprise": "企业节点",
    "recursive": "递归节点",
    "unknown role": "角色未知",
    "asked first": "首先询问",
    "cache hit": "缓存命中",
    "cache miss": "缓存未命中",
    "cache stale": "缓存已过期",
}
_PARTS: Final = {"the prefix": "前缀", "the suffix": "后缀", "the whole handle": "整个标识"}
_SENTENCES: Final = (
    (r"(\d+): (\S+) at (\d+)", "{0}：按索引 {2} 的 {1}"),
    (
        r"(\d+): (\S+) at (\d+), server (\d+) of (\d+) by the hash of (.+)",
        "{0}：按索引 {2} 的 {1}，由{part}的哈希选中 {4} 台中的第 {3} 台",
    ),
    (r"(.+) does not answer: (.+)", "{0} 没有应答：{1}"),
    (r"more than (\d+) questions", "询问超过 {0} 次"),
    (r"(.+) is no node that may be asked", "{0} 不是允许询问的节点"),
    (r"(.+) refers elsewhere and names no server", "{0} 指向别处，却没有给出服务器"),
    (r"service (.+): (.+)", "服务 {0}：{1}"),
    (r"(.+); nobody is known to answer for (.+)", "{0}；没有已知节点负责 {1}"),
    (r"(.+) answers (.+)", "{0} 应答 {1}"),
)
"""Forms of sentences, the first one that fits the whole counts."""


def in_chinese(text: str) -> str:
    """Return a sentence of a picture in Chinese; one that is not known stays as it is."""
    if text in _WORDS:
        return _WORDS[text]
    for form, chinese in _SENTENCES:
        found = re.fullmatch(form, text, re.DOTALL)
        if found is not None:
            parts = [in_chinese(part) for part in found.groups()]
            return chinese.format(*parts, part=_PARTS.get(parts[-1], parts[-1]))
    return text
