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
    "idnode.registry.embedded.writer": ({"registry"}, set(), set()),
    "idnode.registry.embedded.committer": ({"registry"}, set(), set()),
    "idnode.registry.embedded.register": ({"registry"}, {"google_crc32c"}, set()),
    "idnode.registry.embedded.compaction": ({"registry"}, set(), set()),
    "idnode.registry.directory": (
        {"idnode.registry.directory", "idnode.registry.errors"},
        {"sqlalchemy"},
        {"asyncio"},
    ),
    "idnode.registry.directory.store": ({"idnode.registry.directory"}, {"sqlalchemy"}, set()),
    "idnode.registry.embedded.storage": (
        {f"registry.{name}" for name in ("storage", "errors", "limits", "names")},
        {"google_crc32c"},
        {"asyncio"},
    ),
    "idnode.registry.datasets": (
        {f"registry.{name}" for name in ("datasets", "errors", "model", "names", "values")}
        | {"idnode.registry.datasets.suzhou.native"},
        set(),
        {"asyncio", "socket", "time", "threading"},
    ),
    "idnode.registry.handle.clock": (set(), set(), set()),
    "idnode.node.protocol": ({"idnode.node.protocol"} | DATA, {"cryptography"}, QUIET),
    "idnode.node.service": (
        {"idnode.node.service", "idnode.node.protocol", "idnode.registry.handle.clock", "registry"},
        {"cryptography", "sqlalchemy"},
        {"aiohttp", "prometheus_client", "socket"},
    ),
    "idnode.node.faces.handle.native": (
        {
            "idnode.node.faces.handle.native",
            "idnode.node.service",
            "idnode.node.protocol",
            "idnode.registry.handle.clock",
            "registry",
        },
        set(),
        {"aiohttp", "prometheus_client"},
    ),
    "idnode.node.faces": (
        {
            "idnode.node.faces",
            "idnode.node.service",
            "idnode.node.protocol",
            "idnode.registry.handle.clock",
            "idnode.registry.mutation",
        }
        | DATA,
        {"aiohttp", "multidict", "yarl", "orjson", "msgpack"},
        {"prometheus_client"},
    ),
    "idnode.node.faces.snms": (
        {
            "idnode.node.faces",
            "idnode.node.service",
            "idnode.node.protocol",
            "idnode.registry.handle.clock",
            "idnode.registry.directory.entries",
        }
        | DATA,
        {"aiohttp", "orjson", "pydantic"},
        {"prometheus_client", "sqlalchemy"},
    ),
    "idnode.node.faces.handle.tcp": (
        {
            "idnode.node.faces",
            "idnode.node.service",
            "idnode.node.protocol",
            "idnode.registry.handle.clock",
        }
        | DATA,
        set(),
        {"aiohttp"},
    ),
    "idnode.node.faces.handle.udp": (
        {
            "idnode.node.faces",
            "idnode.node.service",
            "idnode.node.protocol",
            "idnode.registry.handle.clock",
        }
        | DATA,
        set(),
        {"aiohttp"},
    ),
    "idnode.node.ops": (
        {"idnode.node.ops", "idnode.registry.handle.clock", "registry"},
        {"prometheus_client", "aiohttp", "orjson"},
        set(),
    ),
    "idnode.node.ops.onboarding": (
        {"idnode.node.ops", "idnode.node.service", "registry"},
        {"aiohttp", "orjson", "pydantic"},
        {"sqlalchemy"},
    ),
    "idnode.node.ops.models": (set(), {"pydantic"}, set()),
    "idnode.node.ops.openapi": (
        {"idnode.node.ops", "idnode.node.openapi"},
        {"aiohttp", "orjson", "pydantic"},
        set(),
    ),
    "idnode.node.openapi": ({"idnode.node.openapi"}, {"pydantic"}, {"aiohttp"}),
    "idnode.node.faces.http.documentation": (
        {"idnode.node.faces", "idnode.node.openapi"},
        {"aiohttp", "orjson"},
        set(),
    ),
    "idnode.node.faces.handle_json.openapi": ({"idnode.node.openapi"}, {"pydantic"}, {"aiohttp"}),
    "idnode.node.faces.bulk.openapi": (
        {"idnode.node.faces", "idnode.node.openapi"},
        {"pydantic"},
        {"aiohttp"},
    ),
    "idnode.node.faces.snms.openapi": (
        {"idnode.node.faces.snms", "idnode.node.openapi"},
        {"pydantic"},
        {"aiohttp"},
    ),
    "clients": (
        {"clients", "idnode.node.protocol", "idnode.registry.handle.clock"} | DATA,
        {"orjson", "msgpack"},
        {"aiohttp", "uvloop"},
    ),
    "idnode.clients.web": (
        {"clients", "idnode.node.protocol", "idnode.registry.handle.clock"} | DATA,
        {"aiohttp", "yarl", "orjson", "msgpack"},
        set(),
    ),
    "loadtests": (
        {"loadtests", "clients", "idnode.registry.handle.clock", "idnode.registry.datasets"},
        {"pydantic", "prometheus_client", "rich"},
        {"aiohttp", "asyncio"},
    ),
    **{
        f"loadtests.{name}": (
            {"loadtests", "clients", "idnode.registry.handle.clock"},
            {"locust", "gevent"},
            {"aiohttp", "asyncio"},
        )
        for name in ("listening", "locustfile", "options", "shapes", "users", "wiring")
    },
}

ROOT_ROOMS = {
    *(
        "idnode.node.runtime",
        "idnode.node.cli",
        "idnode.node.commands",
        "idnode.node.settings",
        "idnode.node.build",
        "idnode.node.__main__",
    ),
    *(
        "idnode.node.addresses",
        "idnode.node.answering",
        "idnode.node.banner",
        "idnode.node.binding",
        "idnode.node.data_directory",
        "idnode.node.directory_parts",
        "idnode.node.housekeeping",
    ),
    *("idnode.node.dataset", "idnode.node.open_files", "idnode.node.web"),
}
"""The composition root may import everything; only it may import itself."""

ASYNCIO_ROOMS = {
    "idnode.registry.embedded.writer",
    "idnode.registry.embedded.register",
    "idnode.registry.embedded.compaction",
}


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
            if node.module in {
                "node",
                "registry",
                "clients",
                "idnode.node.service",
                "idnode.node.ops",
            }:
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


@pytest.mark.parametrize(
    "package", ["clients", "idnode.clients.blocking", "idnode.node.protocol", "registry"]
)
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
