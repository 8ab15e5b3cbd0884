"""Patterns of a reverse look-up are PYHANDLE's, whatever stands in them.

``*`` stands for anything, also for nothing and for line ends; everything else, what regular expressions and SQL know as
well, stands for itself in either case; the longest and the starriest take no time to speak of.
"""

import pytest

from idnode.node.service.identifiers.reverse_lookup import Pattern

PATTERNS = [
    ("", "", True),
    ("", "x", False),
    ("*", "", True),
    ("**", "a\nb", True),
    ("https://*.example/*", "HTTPS://WWW.EXAMPLE/", True),
    ("https://*.example/*", "https://www.example", False),
    ("a.c", "abc", False),
    ("a?c", "abc", False),
    ("a%c", "abc", False),
    ("a_c", "abc", False),
    ("a%c*", "A%C/x", True),
    ("[ab]", "a", False),
    ("(a|b)*", "(A|B)c", True),
    ("\\*", "\\anything", True),
    ("*\\d+*", "x7", False),
    ("^a$", "a", False),
    ("a*a", "a", False),
    ("a*a", "aa", True),
    ("ab*bc", "abc", False),
    ("*ab", "abab", True),
    ("ab*ab", "ababab", True),
    ("*苏州*", "https://example.org/苏州/1", True),
    ("*%E8%8B%8F*", "https://example.org/苏", False),
    ("é*", "É1", True),
]


@pytest.mark.parametrize(("pattern", "text", "matches"), PATTERNS)
def test_20_a_pattern_knows_only_the_star(pattern, text, matches):
    assert Pattern(pattern).matches(text) is matches


@pytest.mark.parametrize("pattern", ["*a" * 2000 + "*b", "*" * 4000, "a" * 4000 + "*"])
@pytest.mark.timeout(10)
def test_20_a_starry_pattern_takes_no_time_to_speak_of(pattern):
    for text in ("a" * 100_000, "", "a" * 3999):
        assert Pattern(pattern).matches(text) in {True, False}
