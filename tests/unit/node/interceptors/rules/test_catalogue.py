"""The catalogue keeps these promises.

- Every error that the node may refuse a request with has a rule of its own, not one of an ancestor.
- Ids are unique, both languages say something, and every text can be made from the facts that there are.
- An injected fault is said to be one, and what nobody planned as well.
"""

import importlib
import pkgutil
import string

import pytest

import idnode.node
import idnode.registry
from idnode.node.faces.table import FACES
from idnode.node.interceptors.exchange import FAULT, Exchange, HttpAnswer, HttpRequest
from idnode.node.interceptors.rules.catalogue import UNPLANNED, Catalogue
from idnode.node.service.directory.refusals import LoginRefused, TokenRefused
from idnode.node.service.errors import ServiceError
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.wire.errors import ProtocolError

CATALOGUE = Catalogue(*(face.rules for face in FACES))
RULES = CATALOGUE.all_rules()


def _load_everything():
    for package in (idnode.node, idnode.registry):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "__main__" not in module.name and "postgres" not in module.name:
                importlib.import_module(module.name)


def _below(root):
    for each in root.__subclasses__():
        yield each
        yield from _below(each)


def _errors():
    _load_everything()
    for root in (ServiceError, RegistryError, ProtocolError):
        yield root
        yield from _below(root)
    for module in ("idnode.node.faces.http.body", "idnode.node.faces.http.authorization"):
        found = vars(importlib.import_module(module)).values()
        yield from (each for each in found if isinstance(each, type) and _is_own(each, module))


def _is_own(found, module):
    return issubclass(found, Exception) and found.__module__ == module


def test_every_error_has_a_rule_of_its_own():
    # Errors of PostgreSQL's own rooms end commands and starts; a request never meets them.
    errors = [
        each
        for each in _errors()
        if each.__module__.split(".")[1] in {"node", "registry"}
        and not each.__module__.startswith("idnode.registry.postgres.")
    ]
    assert len(errors) > 60
    missing = {each.__qualname__ for each in errors if each not in CATALOGUE.rules}
    assert missing == set()


def test_ids_are_unique():
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_something_in_both_languages(rule):
    for text in (rule.en, rule.zh, rule.do_en, rule.do_zh):
        assert text.strip()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in rule.zh)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in rule.do_zh)
    names = [{n for _, n, *_ in string.Formatter().parse(text) if n} for text in (rule.en, rule.zh)]
    assert names[0] - {"error"} >= names[1] - {"error"}


def _an_instance(error):
    """Return an error of a class as the node would raise it: any facts that its constructor takes."""
    attempts = (
        ("x",),
        (),
        (1,),
        (1, "x"),
        ("x", "y"),
        (1, 2, 3),
        (1, 2),
        ("x", "y", "z"),
        (b"88.900.1/x", b""),
        (400, "x"),
    )
    for arguments in attempts:
        try:
            return error(*arguments)
        except TypeError:
            continue
    raise AssertionError(error)


@pytest.mark.parametrize("error", CATALOGUE.rules, ids=lambda error: error.__name__)
def test_every_text_can_be_made_of_the_facts(error):
    exchange = Exchange("handle_json", HttpRequest("GET", "/x", {}), started=0.0)
    exchange.error = _an_instance(error)
    why = CATALOGUE.explain(exchange)
    assert why is not None
    assert "{" not in why.en + why.zh.replace("{}", "")


@pytest.mark.parametrize(
    ("headers", "reason", "rule"),
    [
        ({}, "none", "W-SNMS-TOKEN-NONE"),
        ({"Authorization": "abc"}, "none", "W-SNMS-TOKEN-NO-BEARER"),
        ({"Authorization": "Bearer x"}, "garbage", "W-SNMS-TOKEN-GARBAGE"),
        ({"Authorization": "Bearer x"}, "expired", "W-SNMS-TOKEN-EXPIRED"),
    ],
)
def test_four_kinds_of_not_logged_in_are_told_apart(headers, reason, rule):
    exchange = Exchange("snms", HttpRequest("GET", "/identityv2/x", headers), started=0.0)
    exchange.error = TokenRefused("no", reason)
    assert CATALOGUE.explain(exchange).rule == rule


def test_a_digest_of_another_day_is_named():
    exchange = Exchange("snms", HttpRequest("POST", "/identity/token/v1", {}), started=0.0)
    exchange.error = LoginRefused("date", date="2026-01-01", today="2026-01-02")
    why = CATALOGUE.explain(exchange)
    assert why.rule == "W-SNMS-DIGEST-DATE"
    assert "2026-01-01" in why.en
    assert "2026-01-02" in why.zh


def test_what_nobody_planned_and_what_was_injected():
    exchange = Exchange("handle_udp", b"", started=0.0)
    exchange.error = ZeroDivisionError("x")
    assert CATALOGUE.explain(exchange).rule == UNPLANNED.id
    exchange.error = None
    assert CATALOGUE.explain(exchange) is None
    exchange.answer = HttpAnswer(200, ())
    exchange.notes[FAULT] = "udp-lost"
    assert "udp-lost" in CATALOGUE.explain(exchange).en


def test_a_fact_cannot_break_the_line():
    exchange = Exchange("handle_udp", b"", started=0.0)
    exchange.error = _an_instance(RegistryError)
    exchange.error.args = ("a\nb\x1b[31m" + "c" * 1_000,)
    why = CATALOGUE.explain(exchange)
    assert "\n" not in why.en
    assert "\x1b" not in why.en
    assert len(why.en) < 400
