"""The suite is right about right clients, and finds each wrong one by the rule that it breaks, and by no other.

- A right client, written plainly, passes every case with nothing unclear; so do idnode's own clients.
- Every rule has a client that breaks it alone: it fails that rule in a case of the rule, and no rule in any other case. Without
  ``--thorough`` each is tried on the cases of its rule and on a few others of its API.
- pyhandle fails what its list of known failures names, each with a reason, and nothing else.
"""

from itertools import cycle, islice
from pathlib import Path

import pytest
from tests.conformance.conform import pyhandle_client
from tests.conformance.conform.mutants import MUTANTS

from idnode.node.conform.case import all_cases
from idnode.node.conform.known import compared, read_known
from idnode.node.conform.own_clients import __main__ as own_clients
from idnode.node.conform.rule import Verdict
from idnode.node.conform.rules.table import RULES

KNOWN = Path(__file__).with_name("pyhandle.known")
OTHERS = 3
"""Cases of other rules on which a wrong client is tried in a usual run."""

TAKE_LONG = {
    *("udp-lost-always", "udp-late", "tcp-create-slow", "tcp-wrong-request-id", "tcp-session-id"),
    *("json-503", "json-slow"),
}
FACES = ("handle_udp", "handle_tcp", "handle_json", "bulk", "snms", "idhub")


def of_faces(*faces):
    return [case for case in all_cases().values() if case.face in faces]


@pytest.mark.parametrize("face", FACES)
def test_a_right_client_passes(face, grade, reference, broken):
    results = grade(of_faces(face), reference())
    assert broken(results) == {}
    assert [each.case.id for each in results if each.verdict is not Verdict.PASSED] == []


@pytest.mark.parametrize("face", FACES)
def test_our_own_clients_pass(face, grade, broken, swift):
    results = grade(of_faces(face), own_clients.do)
    assert broken(results) == {}
    assert [each.case.id for each in results if each.verdict is not Verdict.PASSED] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.id)
def test_a_wrong_client_breaks_its_rule_alone(mutant, grade, reference, broken, request):
    cases = of_faces(*mutant.faces)
    own = [case for case in cases if mutant.rule in case.rules]
    others = [case for case in cases if mutant.rule not in case.rules]
    if not request.config.getoption("--thorough"):
        quick = [case for case in others if case.id not in TAKE_LONG]
        start = MUTANTS.index(mutant) * OTHERS
        others = list(islice(cycle(quick), start, start + min(OTHERS, len(quick)))) if quick else []
    found = broken(grade([*own, *others], reference(mutant.wrong)))
    assert mutant.rule in found
    assert found.keys() <= {mutant.rule, *mutant.also}, found


def test_every_rule_has_a_client_that_breaks_it():
    assert {mutant.rule for mutant in MUTANTS} == set(RULES)


def test_pyhandle_fails_what_is_known_and_nothing_else(grade):
    known = read_known(KNOWN.read_text(encoding="utf-8"), KNOWN.name)
    results = grade(of_faces("handle_json"), pyhandle_client.do)
    found = compared(results, known)
    assert found.new == ()
    assert found.passing == ()
    assert sum(each.verdict is Verdict.PASSED for each in results) >= 20
