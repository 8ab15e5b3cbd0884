"""Files and functions stay small, and nobody uses what has a better place.

- A file has at most 400 lines, a function at most 60, a line at most 100 columns where code stands.
- Time is read in the clock, the environment in the settings, output is made by the command line.
- A task has an owner, chance has a seed, and no module is called after nothing in particular.
- Docstrings open with a verb or a noun, not with a word that asks.
- Nothing points outside the repository.
"""

import ast
import re
from collections import Counter

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60

NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}

# dotted call → (modules that may use it, what to use instead)
BANNED = {
    "print": (("idnode.node.commands", "benchmarks"), "logging, or typer.echo in a command"),
    "time.time": (("idnode.registry.handle.clock", "benchmarks"), "take `now`, or a Clock"),
    "time.monotonic": (("idnode.registry.handle.clock", "benchmarks"), "take `now`, or a Clock"),
    "time.perf_counter": (("idnode.registry.handle.clock", "benchmarks"), "take `now`, or a Clock"),
    "datetime.now": (("idnode.registry.handle.clock",), "take `now`, or a Clock"),
    "datetime.utcnow": (("idnode.registry.handle.clock",), "take `now`, or a Clock"),
    "os.environ": (
        (
            "idnode.node.settings",
            "idnode.node.defaults",
            "idnode.node.testing",
            "idnode.node.locales",
            "idnode.node.conform.driving",
            "idnode.loadtests.listening",
            "tests",
            "benchmarks",
        ),
        "a setting",
    ),
    "os.getenv": (
        (
            "idnode.node.settings",
            "idnode.node.defaults",
            "idnode.node.testing",
            "tests",
            "benchmarks",
        ),
        "a setting",
    ),
    "random.random": ((), "a seeded random.Random that is passed in"),
    "random.randrange": ((), "a seeded random.Random that is passed in"),
    "random.choice": ((), "a seeded random.Random that is passed in"),
    "time.sleep": (
        (
            *("idnode.node.commands", "idnode.node.testing", "benchmarks", "idnode.loadtests"),
            *("idnode.node.conform.own_clients", "tests.conformance.conform.reference"),
        ),
        "wait for the event itself",
    ),
}

ELSEWHERE = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w|\bissue #\d", re.IGNORECASE)
"""Paths of somebody's machine and numbers of somebody's tracker mean nothing to a reader."""


def _dotted(node):
    if isinstance(node, ast.Attribute):
        left = _dotted(node.value)
        return f"{left}.{node.attr}" if left else None
    return node.id if isinstance(node, ast.Name) else None


def _uses(source):
    """Yield (line, dotted name) of calls, attributes and names imported from banned modules."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.lineno, node.func.id
        elif isinstance(node, ast.Attribute) and (dotted := _dotted(node)):
            yield node.lineno, dotted
        elif isinstance(node, ast.ImportFrom) and node.module in {"time", "os", "random"}:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def test_files_are_short(sources):
    long = {s.name: n for s in sources if (n := len(s.text.splitlines())) > FILE_LINES_MAX}
    assert not long


def test_functions_are_short(sources):
    long = [
        f"{source.name}:{node.lineno} {node.name}"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not long


def test_what_is_banned_has_a_better_place(sources):
    complaints = [
        f"{source.name}:{line}: {name}: use {instead}"
        for source in sources
        for line, name in _uses(source)
        for banned, (allowed, instead) in BANNED.items()
        if name in {banned, f"datetime.{banned}"}
        and not source.module.startswith(allowed or ("\0",))
    ]
    assert not complaints, "\n".join(complaints)


def test_every_task_has_an_owner(packages):
    """A task whose handle is dropped may be collected half-way, and its error is seen by nobody."""
    complaints = [
        f"{source.name}:{node.lineno}"
        for source in packages
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and (_dotted(node.value.func) or "").endswith(("create_task", "ensure_future"))
        and "group" not in (_dotted(node.value.func) or "")
    ]
    assert not complaints


def test_modules_are_named_for_what_is_in_them(packages):
    nameless = [s.name for s in packages if s.path.stem in NAMES_THAT_SAY_NOTHING]
    assert not nameless


def test_every_module_says_what_it_is(sources):
    silent = [s.name for s in sources if s.text.strip() and not ast.get_docstring(s.tree)]
    assert not silent


def test_docstrings_open_with_a_verb_or_a_noun(sources):
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    asking = [
        f"{source.name}:{node.body[0].lineno}: {text.splitlines()[0]}"
        for source in sources
        if not source.module.startswith("tests")
        for node in ast.walk(source.tree)
        if isinstance(node, kinds)
        and (text := ast.get_docstring(node))
        and re.match(r"(What|Who(m|se)?|How|Where|Which|Whether|Why)\b", text)
    ]
    assert not asking, "\n".join(asking)


def test_tests_have_names_of_their_own(sources):
    twice = [
        f"{source.name}: {name}"
        for source in sources
        if source.path.stem.startswith("test_")
        for name, count in Counter(
            node.name for node in source.tree.body if isinstance(node, ast.FunctionDef)
        ).items()
        if count > 1
    ]
    assert not twice


def test_nothing_points_outside_the_repository(root, sources):
    texts = {source.name: source.text for source in sources}
    for pattern in ("*.md", "Makefile", "deploy/*", "*.toml"):
        texts |= {p.name: p.read_text(encoding="utf-8") for p in root.glob(pattern) if p.is_file()}
    texts.pop("tests/tidy/test_shape.py")
    found = [
        f"{name}: {hit.group()}" for name, text in texts.items() if (hit := ELSEWHERE.search(text))
    ]
    assert not found
