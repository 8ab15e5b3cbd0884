"""What errors may say: the English texts that the sources give to errors which have a rule, ``{}`` for what varies."""

import ast
import importlib
import inspect
import pkgutil
import string
from pathlib import Path

import idnode.node
import idnode.registry
from idnode.node.faces.table import FACES
from idnode.node.interceptors.rules.catalogue import Catalogue
from idnode.node.interceptors.rules.rule import SPOKEN

ROOMS = ("registry", "node/service", "node/faces", "node/recursion", "node/interceptors")

NEVER_ANSWERED = {
    "LogDamaged": "opening, checking and repairing a log say it; clients are told that a record is damaged",
    "DataDirectoryInUse": "ends a start",
    "UnknownEngine": "ends a start",
    "SchemaTooNew": "ends a start",
    "SchemaUnfit": "ends a start",
    "AddressRefused": "ends a start",
    "EncodingError": "the node's own fault: no request leads to it",
}
"""Errors that end commands and starts, or that only a fault in the node brings about."""

CARRIED = (
    "FieldsRefused",
    "MalformedJson",
    "MalformedJsonText",
    "MalformedMarkup",
    "UnreadableLocations",
)
"""Errors without a rule of their own, whose texts others with a rule repeat."""

WORDS = ("what", "reason", "kind", "needs")
"""Parameters of errors that are words; where a constructor puts them into its text, they are said in Chinese there."""

REASONS = {"_contradiction"}
"""Functions that return what an error says."""

JAVA = {"plain": "java.lang.Exception: {}", "parse": "com.google.gson.JsonParseException: {}"}
"""Functions that make an error of a text, and what they put in front."""


def texts():
    """Return every text as ``(place, text)``."""
    catalogue = Catalogue(*(face.rules for face in FACES))
    known = {
        name: each
        for name, each in classes().items()
        if name not in NEVER_ANSWERED
        and (name in CARRIED or any(above in catalogue.rules for above in each.__mro__))
    }
    found = {}
    for room in ROOMS:
        for path in sorted(Path(room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                for text in _texts_of(node, known, catalogue):
                    found.setdefault(text, f"{path}:{node.lineno}")
    return [(place, text) for text, place in found.items() if _is_english(text)]


def _texts_of(node, known, catalogue):
    if isinstance(node, ast.ClassDef) and node.name in known:
        yield from _of_constructor(node)
    if isinstance(node, ast.FunctionDef) and node.name in REASONS:
        for each in ast.walk(node):
            if isinstance(each, ast.Return):
                yield from _literals(each.value)
    if not isinstance(node, ast.Call):
        return
    name = getattr(node.func, "id", getattr(node.func, "attr", None))
    if name in JAVA:
        yield from (JAVA[name].replace("{}", each) for each in _literals(node.args[0]))
    if name not in known:
        return
    error = known[name]
    own = "__init__" in vars(error) or any(
        "__init__" in vars(above)
        for above in error.__mro__
        if above.__module__.startswith("idnode")
    )
    if not own:
        yield from (each for argument in node.args[:1] for each in _literals(argument))
        return
    shown = {each for _, each, *_ in string.Formatter().parse(catalogue.rule_for(error).zh) if each}
    names = list(inspect.signature(error).parameters)
    source = inspect.getsource(error.__init__)
    composed = {word for word in WORDS if f"{{{word}}}" in source}
    given = dict(zip(names, node.args, strict=False)) | {k.arg: k.value for k in node.keywords}
    for parameter, argument in given.items():
        if parameter in shown & SPOKEN | {"message"} | composed:
            yield from _literals(argument)


def _of_constructor(node):
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr == "__init__" and call.args:
            yield from _literals(call.args[-1])
    for function in node.body:
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            for default in function.args.defaults:
                yield from _literals(default)


def _literals(node):
    """Return the texts that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield "".join(
            each.value if isinstance(each, ast.Constant) else "{}" for each in node.values
        )
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def _is_english(text):
    words = text.replace("{}", "")
    return any(each.isalpha() for each in words) and not any(
        "\u4e00" <= c <= "\u9fff" for c in words
    )


def classes():
    for package in (idnode.node, idnode.registry):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "__main__" not in module.name:
                importlib.import_module(module.name)
    found = {}
    waiting = [Exception]
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.startswith("idnode."):
                found[each.__name__] = each
    return found
