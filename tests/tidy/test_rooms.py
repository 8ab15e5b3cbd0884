"""The rooms of the house keep their doors.

- Every module has a room, and imports only the rooms and libraries that its row allows (`tests/tidy/rooms.py`).
- No import runs to a floor above, and no modules import each other in a circle, not for type checking either.
- Nothing imports the composition root.
- Only `registry/engines.py` names an engine's class; who else reaches into an engine has a reason, and benchmarks do.
- `node/service` has at most 12 rooms at its top level.
- `import idnode.clients` loads no event loop and no HTTP library.
- The map draws all of this, and ends with 1 when something of it is broken.
"""

import ast
import subprocess
import sys

import pytest
from tests.tidy import import_map
from tests.tidy.imports import PROJECT, Source, circles, compiled, graph, imports_of
from tests.tidy.rooms import (
    REACHED,
    ROOMS,
    ROOT_ROOMS,
    ROOT_USERS,
    SERVICE_ROOMS_MAX,
    allows,
    floor_of,
    path_of,
    room_of,
)


@pytest.fixture(scope="module")
def housed():
    """Return the sources that stand on a floor."""
    return import_map.sources()


@pytest.fixture(scope="module")
def modules(housed):
    return {source.module for source in housed} | compiled()


def _complaints(source, modules):
    name = room_of(path_of(source.module))
    room = ROOMS[name]
    allowed = {name, *room.rooms.split()}
    for line, module in imports_of(source, modules):
        top = module.partition(".")[0]
        path, where = path_of(module), f"{source.name}:{line}: {name} may not import {module}"
        if any(module == never or module.startswith(f"{never}.") for never in room.never):
            yield where
        elif top == "idnode" or top in PROJECT:
            if not any(allows(each, path) for each in allowed):
                yield where
        elif top not in sys.stdlib_module_names and top not in room.libraries.split():
            yield where


def test_every_module_has_a_room_and_a_floor(housed):
    paths = {source.name: path_of(source.module) for source in housed}
    assert not [name for name, path in paths.items() if room_of(path) is None]
    assert not [name for name, path in paths.items() if floor_of(path) is None]


def test_rooms_import_only_what_their_row_allows(housed, modules):
    complaints = [each for source in housed for each in _complaints(source, modules)]
    assert not complaints, "\n".join(complaints)


def test_no_import_runs_to_a_floor_above(housed):
    assert not import_map.upward(graph(housed))


def test_no_modules_import_each_other_in_a_circle(housed):
    assert not circles(graph(housed))


def test_nothing_imports_the_composition_root(housed, modules):
    complaints = [
        f"{source.name}:{each.line}: imports {each.module}"
        for source in housed
        if room_of(path_of(source.module)) not in ROOT_ROOMS | ROOT_USERS
        for each in imports_of(source, modules)
        if each.module.startswith("idnode.node") and room_of(path_of(each.module)) in ROOT_ROOMS
    ]
    assert not complaints, "\n".join(complaints)


def test_only_the_table_of_engines_names_the_class_of_an_engine(housed):
    arrows = graph(housed)
    makers = {
        module
        for module, targets in arrows.items()
        if not path_of(module).startswith(("registry/embedded/", "benchmarks/"))
        for target in targets
        if path_of(target).startswith("registry/embedded/")
        and path_of(target) not in REACHED.get(path_of(module), "").split()
    }
    assert makers == {"idnode.registry.engines"}


def test_who_reaches_into_an_engine_still_does(housed):
    arrows = graph(housed)
    reached = {path_of(module): {path_of(each) for each in arrows[module]} for module in arrows}
    assert not {
        path: set(row.split()) - reached[path]
        for path, row in REACHED.items()
        if set(row.split()) - reached[path]
    }


def test_the_service_has_few_rooms_at_its_top_level(root):
    top = [
        path
        for path in (root / "node/service").iterdir()
        if path.name not in {"__init__.py", "__pycache__"}
    ]
    assert len(top) <= SERVICE_ROOMS_MAX


def _source(root, module, text):
    path = root / (module.replace(".", "/") + ".py")
    return Source(path, module, text, ast.parse(text))


def test_a_circle_and_an_upward_import_are_found(root):
    sources = [
        _source(root, "idnode.clients.one", "from idnode.clients import two"),
        _source(
            root,
            "idnode.clients.two",
            "if TYPE_CHECKING:\n    from idnode.clients.three import x",
        ),
        _source(root, "idnode.clients.three", "def f():\n    import idnode.clients.one"),
        _source(root, "idnode.node.four", "from idnode.clients import one"),
        _source(root, "idnode.registry.five", "import idnode.node.four"),
    ]
    arrows = graph(sources)
    assert circles(arrows) == [["idnode.clients.one", "idnode.clients.three", "idnode.clients.two"]]
    assert import_map.upward(arrows) == [("idnode.registry.five", "idnode.node.four")]


def test_the_map_draws_every_floor(tmp_path, root):
    chart = tmp_path / "map.mmd"
    run = subprocess.run(
        [sys.executable, "-m", "tests.tidy.import_map", str(chart)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "circles:\n  none\nupward:\n  none" in run.stdout
    assert chart.read_text(encoding="utf-8").startswith("flowchart TB\n")


@pytest.mark.parametrize(
    "package",
    [
        "idnode.clients",
        "idnode.clients.blocking",
        "idnode.registry.handle.wire.message",
        "idnode.registry.register",
    ],
)
def test_light_packages_load_neither_loop_nor_http_library(package):
    heavy = ("aiohttp", "uvloop", "prometheus_client", "pydantic", "sqlalchemy")
    script = f"import sys, {package}\nprint([m for m in {heavy!r} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    assert run.stdout.strip() == "[]"
