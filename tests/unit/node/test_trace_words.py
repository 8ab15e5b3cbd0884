"""Sentences of a trace's picture in Chinese.

- Every sentence that a walk makes has its Chinese form: no word of the English one is left but names and codes.
- What nobody knows stays as it is.
"""

import re

import pytest

from idnode.clients.tracing.trace import End
from idnode.node.trace_words import in_chinese

SENTENCES = [
    *map(str, End),
    *("national", "secondary", "enterprise", "recursive", "unknown role", "asked first"),
    *("cache hit", "cache miss", "cache stale"),
    "302: HS_SITE at 4",
    "300: HS_SITE.6 at 4, server 1 of 2 by the hash of the whole handle",
    "300: HS_SITE.6 at 4, server 1 of 2 by the hash of the prefix",
    "300: HS_SITE.6 at 4, server 1 of 2 by the hash of the suffix",
    "more than 30 questions",
    "127.0.0.1:1 is no node that may be asked",
    "127.0.0.1:1 refers elsewhere and names no server",
    "service 0.SERV/88: 127.0.0.1:1 does not answer: 超时",
    "127.0.0.1:1 answers PREFIX_NOT_SERVED; nobody is known to answer for 88.1/2",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_sentence_is_known(sentence):
    chinese = in_chinese(sentence)
    left = re.findall(r"[a-z]{2,}", chinese)
    assert left == [], chinese
    assert re.search(r"[一-鿿]", chinese)


def test_what_nobody_knows_stays():
    assert in_chinese("something new") == "something new"
