"""Draws the floors of the house from the imports of its code: ``python -m tests.tidy.import_map [FILE.mmd]``.

Prints each floor with its rooms (folders) and what they import, then every circle of modules and every import that
runs upward, and ends with 1 if there is one. Imports for type checking count like any other. The file gets the same
as a Mermaid flowchart.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.tidy.imports import Source, circles, graph, read
from tests.tidy.rooms import FLOORS, floor_of, path_of

Arrows = Counter[tuple[str, str]]


def sources() -> list[Source]:
    """Return the sources that stand on a floor."""
    return [
        s for top in ("registry", "clients", "node", "loadtests", "benchmarks") for s in read(top)
    ]


def upward(modules: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Return the imports that run from a floor to one above it."""
    return sorted(
        (module, other)
        for module, others in modules.items()
        for other in others
        if (floor_of(path_of(other)) or 0) > (floor_of(path_of(module)) or 0)
    )


def room_arrows(listed: Iterable[Source], modules: dict[str, set[str]]) -> Arrows:
    """Return the imports between rooms, counted by pair of folders."""
    folders = {source.module: source.folder for source in listed}

    def room(module: str) -> str:
        # A compiled module has no source; it lies in the folder that its name says.
        return folders.get(module) or path_of(module).rpartition("/")[0]

    return Counter(
        (room(module), room(other))
        for module, others in modules.items()
        for other in others
        if room(module) != room(other)
    )


def text(rooms: Iterable[str], arrows: Arrows) -> Iterator[str]:
    """Yield the lines of the map, the top floor first."""
    by_floor: dict[int | None, list[str]] = {}
    for room in sorted(rooms):
        by_floor.setdefault(floor_of(room), []).append(room)
    for number in reversed(range(len(FLOORS))):
        yield f"floor {number}: {', '.join(FLOORS[number])}"
        for room in by_floor.get(number, []):
            found = sorted((other, n) for (one, other), n in arrows.items() if one == room)
            yield f"  {room}" + (" → " if found else "") + ", ".join(f"{o} {n}" for o, n in found)


def mermaid(rooms: Iterable[str], arrows: Arrows) -> Iterator[str]:
    """Yield the lines of the map as a Mermaid flowchart, arrows down to what is imported."""
    yield "flowchart TB"
    listed = sorted(rooms)
    for number in reversed(range(len(FLOORS))):
        yield f'  subgraph f{number}["{", ".join(FLOORS[number])}"]'
        yield from (f'    {_node(room)}["{room}"]' for room in listed if floor_of(room) == number)
        yield "  end"
    yield from (f"  {_node(one)} -->|{n}| {_node(two)}" for (one, two), n in sorted(arrows.items()))


def _node(room: str) -> str:
    return room.replace("/", "_")


def main(arguments: list[str]) -> int:
    """Print the map, write it to the file if one is named, and return the exit code."""
    listed = sources()
    modules = graph(listed)
    arrows = room_arrows(listed, modules)
    rooms = {source.folder for source in listed}
    rings, wrong = circles(modules), upward(modules)
    lines = [*text(rooms, arrows), "circles:", *(f"  {' ↔ '.join(ring)}" for ring in rings)]
    lines += [*([] if rings else ["  none"]), "upward:", *(f"  {a} → {b}" for a, b in wrong)]
    lines += [] if wrong else ["  none"]
    sys.stdout.write("\n".join(lines) + "\n")
    for name in arguments[:1]:
        Path(name).write_text("\n".join(mermaid(rooms, arrows)) + "\n", encoding="utf-8")
    return 1 if rings or wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
