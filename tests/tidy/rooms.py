"""The floor plan: which rooms there are, and what each may import. A new room is one row.

A room is a folder or a module, named by its path. A row holds for everything below it that has no row of its own.
"""

from typing import NamedTuple

FLOORS = (
    ("registry/handle",),
    ("clients",),
    ("registry",),
    ("node",),
    ("loadtests", "benchmarks"),
)
"""From the ground up. A room imports from its own floor and from those below it, never from above."""

IO = frozenset({"asyncio", "socket", "time", "random", "logging", "threading", "aiohttp", "uvloop"})
"""What a room without I/O, time and chance never imports."""

HTTP = frozenset({"aiohttp", "multidict", "yarl"})


class Room(NamedTuple):
    """What a room may import of ours, which libraries, and which modules of Python's it never does.

    ``a/b`` is the room of that name and not what lies below it in rooms of their own, ``a/b/*`` is all of it.
    """

    rooms: str = ""
    libraries: str = ""
    never: frozenset[str] = frozenset()


_SERVED = "node/service node/interceptors/* registry/handle/* registry/errors registry/limits registry/mutation registry/register registry/fetching"
"""What every face stands on."""

ROOMS = {
    # The data model and its wire form
    "registry/handle": Room("", "cryptography", IO),
    "registry/handle/clock": Room(),
    "registry/handle/certification": Room("registry/handle/*", "cryptography jwt", IO),
    # How to ask a node
    "clients": Room("registry/handle/*", "orjson msgpack", HTTP | {"uvloop"}),
    **{
        f"clients/{module}": Room("clients/* registry/handle/*", "aiohttp yarl orjson msgpack")
        for module in ("web", "snms", "idhub")
    },
    # Identifiers, and who owns them
    "registry": Room("registry/handle/*", "", HTTP | {"socket"}),
    "registry/engines": Room("registry/*"),
    "registry/embedded": Room(
        "registry registry/handle/* registry/embedded/*",
        "google_crc32c sortedcontainers msgpack",
        HTTP | {"socket"},
    ),
    "registry/embedded/storage": Room(
        "registry/errors registry/limits registry/embedded/limits registry/handle/*",
        "google_crc32c",
        IO - {"time", "threading"},
    ),
    "registry/embedded/native": Room(
        "registry registry/handle/* registry/embedded/*",
        "google_crc32c msgpack",
        HTTP | {"asyncio"},
    ),
    "registry/postgres": Room(
        "registry registry/handle/* registry/postgres/*",
        "asyncpg alembic sqlalchemy",
        HTTP | {"socket"},
    ),
    "registry/overlay": Room("registry registry/handle/* registry/datasets", "", HTTP | {"socket"}),
    "registry/datasets": Room("registry/handle/*", "", IO - {"random"}),
    "registry/directory": Room(
        "registry/handle/* registry/errors", "sqlalchemy", frozenset({"asyncio"})
    ),
    "registry/directory/store": Room("registry/handle/* registry/directory", "sqlalchemy"),
    # What a node does
    "node/service": Room(
        "node/interceptors registry registry/handle/* registry/directory/*",
        "cryptography defusedxml jwt orjson regex sqlalchemy",
        HTTP | {"socket", "prometheus_client"},
    ),
    "node/interceptors": Room(
        "node/interceptors/* node/service registry registry/handle/* registry/directory/errors registry/engines",
        "orjson pydantic msgpack dpkt",
        HTTP | {"socket", "prometheus_client"},
    ),
    "node/first_start": Room(
        "node/service registry registry/handle/* registry/directory/*",
        "cryptography sqlalchemy",
        HTTP,
    ),
    "node/fixtures": Room(
        "node/fixtures node/first_start node/service node/interceptors/* clients registry registry/handle/* registry/directory/*",
        "orjson pydantic",
        HTTP | {"sqlalchemy"},
    ),
    # How clients reach it
    "node/faces": Room(
        f"{_SERVED} node/openapi node/hosts node/faces/*",
        "aiohttp multidict yarl orjson msgpack",
        frozenset({"prometheus_client"}),
    ),
    "node/faces/http": Room(
        f"{_SERVED} node/openapi node/hosts node/faces/*",
        "aiohttp multidict yarl orjson",
        frozenset({"prometheus_client"}),
    ),
    "node/faces/handle": Room(
        f"{_SERVED} node/faces/sockets node/faces/lending node/faces/http",
        "",
        HTTP | {"prometheus_client"},
    ),
    "node/faces/handle/tunnel": Room(f"{_SERVED} node/faces/handle node/faces/http", "aiohttp"),
    "node/faces/snms": Room(
        f"{_SERVED} node/faces/http node/faces/handle_json node/openapi registry/directory",
        "aiohttp orjson pydantic",
        frozenset({"prometheus_client", "sqlalchemy"}),
    ),
    "node/faces/idhub": Room(
        f"{_SERVED} node/faces/http node/openapi registry/directory",
        "aiohttp orjson pydantic",
        frozenset({"prometheus_client", "sqlalchemy"}),
    ),
    # Pages of the management port; what they show their scripts fetch from it
    "node/faces/console": Room("node/faces/console", "aiohttp jinja2 segno"),
    **{
        f"node/faces/{face}/openapi": Room(
            f"node/openapi node/faces/{face} node/faces/http node/faces/handle_json/openapi registry/handle/* registry/limits",
            "pydantic",
            HTTP,
        )
        for face in ("handle_json", "bulk", "snms", "idhub")
    },
    "node/openapi": Room("", "pydantic", HTTP),
    # Which Host headers a port on loopback answers
    "node/hosts": Room("", "", IO),
    "node/locales": Room("node/locales/*", "typer", IO),
    # How it is watched
    "node/ops": Room(
        "node/service node/fixtures node/interceptors/* node/openapi node/hosts registry registry/handle/* registry/directory/* registry/embedded/storage/disk",
        "aiohttp aiohttp_sse google_crc32c orjson prometheus_client pydantic",
        frozenset({"sqlalchemy"}),
    ),
    "node/ops/identifiers": Room(
        "node/service node/faces/http node/faces/handle_json registry registry/handle/*",
        "aiohttp orjson",
        frozenset({"sqlalchemy"}),
    ),
    # How a recursive node finds what others have
    "node/recursion": Room(
        "node/recursion node/service registry registry/handle/* clients/* node/ops/counters",
        "prometheus_client",
        HTTP | {"socket"},
    ),
    # How a secondary node files what it has at the national one
    "node/docking": Room(
        "node/service registry registry/handle/* registry/directory/*", "aiohttp sqlalchemy"
    ),
    # How it is put together: the composition root
    "node": Room(
        "node/* clients/* registry/*",
        "aiohttp annotated_types pydantic typer orjson uvloop rich msgpack",
    ),
    "node/tree": Room(
        "node/* clients/* registry/*", "aiohttp pydantic orjson prometheus_client yarl"
    ),
    "node/commands": Room(
        "node/* clients/* registry/*",
        "aiohttp cryptography pydantic typer orjson uvloop rich msgpack",
    ),
    # How a client is graded
    "node/conform": Room(
        "node/conform/* clients/* registry/handle/*", "pydantic yaml", HTTP | {"asyncio"}
    ),
    # How it is used in tests: what pytest imports loads nothing else of the node
    "node/testing": Room("node/testing clients/* registry/handle/*", "pytest"),
    # How it is loaded and measured
    "loadtests/applications": Room("clients/* registry/handle/*", "cryptography"),
    "loadtests/faults": Room("loadtests/* node/testing", "", frozenset({"asyncio"})),
    "loadtests/result_left": Room("node/testing", "", frozenset({"asyncio"})),
    "loadtests": Room(
        "clients/* registry/handle/* registry/datasets loadtests/*",
        "pydantic prometheus_client rich",
        HTTP | {"asyncio"},
    ),
    **{
        f"loadtests/{module}": Room(
            "loadtests/* clients/* registry/handle/*", "locust gevent", HTTP | {"asyncio"}
        )
        for module in (
            *("choosing", "extending", "listening", "locustfile", "options", "shapes", "users"),
            "wiring",
        )
    },
    "loadtests/web_page": Room("loadtests/*", "flask locust", frozenset({"asyncio"})),
    "benchmarks/console": Room("benchmarks node/*", "playwright"),
    "benchmarks": Room(
        "clients/* registry/* node/testing", "aiohttp msgpack rich uvloop lmdb rocksdict"
    ),
}

ROOT_ROOMS = frozenset({"node", "node/commands", "node/tree"})
"""The composition root: only it imports itself."""

ROOT_USERS = frozenset({"benchmarks/console"})
"""What else runs a node within: it adds entries to the journal, faster than requests could."""

REACHED = {
    # What an engine's own folder is checked and repaired with
    "node/commands/check": "registry/embedded/image registry/embedded/lock registry/embedded/storage/check registry/embedded/storage/position",
    # Native code that answers from the compiled table: a type
    "node/answering": "registry/embedded/native/core",
    # Files that are replaced as durably as the log
    "node/ops/persistent_counters": "registry/embedded/storage/disk",
    # The bound of a setting
    "node/settings": "registry/embedded/limits",
}
"""Modules outside an engine that import from it nevertheless, and what; all else asks `registry/engines.py`."""

SERVICE_ROOMS_MAX = 12
"""Rooms at the top level of `node/service`: modules and folders."""


def within(path: str, room: str) -> bool:
    """Return whether a path is a room's own or lies below it."""
    return path == room or path.startswith(f"{room}/")


def allows(name: str, path: str) -> bool:
    """Return whether ``name`` in a row lets ``path`` be imported."""
    if name.endswith("/*"):
        return within(path, name.removesuffix("/*"))
    return room_of(path) == name if name in ROOMS else within(path, name)


def path_of(module: str) -> str:
    """Return the path of a module without its ending: ``idnode.node.cli`` is ``node/cli``."""
    return module.removeprefix("idnode.").replace(".", "/")


def room_of(path: str) -> str | None:
    """Return the room with the nearest row."""
    return max((room for room in ROOMS if within(path, room)), key=len, default=None)


def floor_of(path: str) -> int | None:
    """Return the floor on which a path lies, the ground floor being 0."""
    found = [
        (len(room), number)
        for number, floor in enumerate(FLOORS)
        for room in floor
        if within(path, room)
    ]
    return max(found, default=(0, None))[1]
