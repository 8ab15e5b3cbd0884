"""The rooms of the house keep their doors.

- Each room imports only the rooms and libraries that its row allows; a later row refines an earlier one.
- Nothing imports the composition root.
- `import clients` loads no event loop and no HTTP library.
"""

import ast
import subprocess
import sys

import pytest

PROJECT = {"registry", "node", "clients", "loadtests", "benchmarks", "tests"}

DATA = {f"registry.{name}" for name in ("errors", "limits", "model", "names", "values")}

QUIET = {"asyncio", "socket", "time", "random", "logging", "threading", "uvloop"}
"""What a room without I/O never imports."""

# room → (project modules it may import, libraries it may import, what it never imports)
ROOMS = {
    "registry": ({"registry"}, {"google_crc32c", "sortedcontainers", "msgpack"}, {"asyncio"}),
    "registry.writer": ({"registry"}, set(), set()),
    "registry.committer": ({"registry"}, set(), set()),
    "registry.store": ({"registry"}, {"google_crc32c"}, set()),
    "registry.compaction": ({"registry"}, set(), set()),
    "registry.directory": (
        {"registry.directory", "registry.errors"},
        {"sqlalchemy"},
        {"asyncio"},
    ),
    "registry.directory.store": ({"registry.directory"}, {"sqlalchemy"}, set()),
    "registry.storage": (
        {f"registry.{name}" for name in ("storage", "errors", "limits", "names")},
        {"google_crc32c"},
        {"asyncio"},
    ),
    "registry.datasets": (
        {f"registry.{name}" for name in ("datasets", "errors", "model", "names", "values")}
        | {"registry.native.suzhou"},
        set(),
        {"asyncio", "socket", "time", "threading"},
    ),
    "node.clock": (set(), set(), set()),
    "node.protocol": ({"node.protocol"} | DATA, {"cryptography"}, QUIET),
    "node.service": (
        {"node.service", "node.protocol", "node.clock", "registry"},
        {"cryptography", "sqlalchemy"},
        {"aiohttp", "prometheus_client", "socket"},
    ),
    "node.native": (
        {"node.native", "node.service", "node.protocol", "node.clock", "registry"},
        set(),
        {"aiohttp", "prometheus_client"},
    ),
    "node.faces": (
        {"node.faces", "node.service", "node.protocol", "node.clock", "registry.mutation"} | DATA,
        {"aiohttp", "multidict", "yarl", "orjson", "msgpack"},
        {"prometheus_client"},
    ),
    "node.faces.snms": (
        {"node.faces", "node.service", "node.protocol", "node.clock", "registry.directory.entries"}
        | DATA,
        {"aiohttp", "orjson", "pydantic"},
        {"prometheus_client", "sqlalchemy"},
    ),
    "node.faces.handle_tcp": (
        {"node.faces", "node.service", "node.protocol", "node.clock"} | DATA,
        set(),
        {"aiohttp"},
    ),
    "node.faces.handle_udp": (
        {"node.faces", "node.service", "node.protocol", "node.clock"} | DATA,
        set(),
        {"aiohttp"},
    ),
    "node.ops": (
        {"node.ops", "node.clock", "registry"},
        {"prometheus_client", "aiohttp", "orjson"},
        set(),
    ),
    "node.ops.onboarding": (
        {"node.ops", "node.service", "registry"},
        {"aiohttp", "orjson", "pydantic"},
        {"sqlalchemy"},
    ),
    "node.ops.models": (set(), {"pydantic"}, set()),
    "node.ops.openapi": (
        {"node.ops", "node.openapi"},
        {"aiohttp", "orjson", "pydantic"},
        set(),
    ),
    "node.openapi": ({"node.openapi"}, {"pydantic"}, {"aiohttp"}),
    "node.faces.documentation": (
        {"node.faces", "node.openapi"},
        {"aiohttp", "orjson"},
        set(),
    ),
    "node.faces.handle_json.openapi": ({"node.openapi"}, {"pydantic"}, {"aiohttp"}),
    "node.faces.bulk.openapi": (
        {"node.faces", "node.openapi"},
        {"pydantic"},
        {"aiohttp"},
    ),
    "node.faces.snms.openapi": (
        {"node.faces.snms", "node.openapi"},
        {"pydantic"},
        {"aiohttp"},
    ),
    "clients": (
        {"clients", "node.protocol", "node.clock"} | DATA,
        {"orjson", "msgpack"},
        {"aiohttp", "uvloop"},
    ),
    "clients.web": (
        {"clients", "node.protocol", "node.clock"} | DATA,
        {"aiohttp", "yarl", "orjson", "msgpack"},
        set(),
    ),
    "loadtests": (
        {"loadtests", "clients", "node.clock", "registry.datasets"},
        {"pydantic", "prometheus_client", "rich"},
        {"aiohttp", "asyncio"},
    ),
    **{
        f"loadtests.{name}": (
            {"loadtests", "clients", "node.clock"},
            {"locust", "gevent"},
            {"aiohttp", "asyncio"},
        )
        for name in ("listening", "locustfile", "options", "shapes", "users", "wiring")
    },
}

ROOT_ROOMS = {
    *("node.runtime", "node.cli", "node.commands", "node.settings", "node.build", "node.__main__"),
    *(
        "node.addresses",
        "node.answering",
        "node.banner",
        "node.binding",
        "node.data_directory",
        "node.directory_parts",
        "node.housekeeping",
    ),
    *("node.dataset", "node.open_files", "node.web"),
}
"""The composition root may import everything; only it may import itself."""

ASYNCIO_ROOMS = {"registry.writer", "registry.store", "registry.compaction"}


def _within(module, room):
    return module == room or module.startswith(room + ".")


def _room_of(module):
    found = [room for room in ROOMS if _within(module, room)]
    return max(found, key=len, default=None)


def _imports(source):
    """Yield (line, imported module) of every import, also those for type checking and inside functions."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.name}:{node.lineno}: import by full name"
            yield node.lineno, node.module
            if node.module in {"node", "registry", "clients", "node.service", "node.ops"}:
                for alias in node.names:
                    yield node.lineno, f"{node.module}.{alias.name}"


def _complaints(source):
    room = _room_of(source.module)
    rooms, libraries, never = ROOMS[room]
    for line, module in _imports(source):
        top = module.partition(".")[0]
        where = f"{source.name}:{line}: {room} may not import {module}"
        if any(_within(module, name) for name in never):
            yield where
        elif top in PROJECT:
            package_of_allowed = any(_within(name, module) for name in rooms)
            if not package_of_allowed and not any(_within(module, name) for name in rooms):
                yield where
        elif top not in sys.stdlib_module_names and top not in libraries:
            yield where


def test_every_module_has_a_room(packages):
    homeless = [
        source.name
        for source in packages
        if source.module != "node"
        and _room_of(source.module) is None
        and not any(_within(source.module, room) for room in ROOT_ROOMS)
    ]
    assert not homeless


def test_rooms_import_only_what_their_row_allows(packages):
    complaints = [
        complaint
        for source in packages
        if _room_of(source.module) is not None
        for complaint in _complaints(source)
    ]
    assert not complaints, "\n".join(complaints)


def test_nothing_imports_the_composition_root(packages):
    complaints = [
        f"{source.name}:{line}: imports {module}"
        for source in packages
        if not any(_within(source.module, room) for room in ROOT_ROOMS)
        for line, module in _imports(source)
        if any(_within(module, room) for room in ROOT_ROOMS)
    ]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("package", ["clients", "clients.blocking", "node.protocol", "registry"])
def test_light_packages_load_neither_loop_nor_http_library(package):
    script = (
        f"import sys, {package}\n"
        "print([m for m in ('aiohttp', 'uvloop', 'prometheus_client', 'pydantic') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    assert run.stdout.strip() == "[]"
