"""A node for whoever needs one: in this process (`node`), or as users start it (`served`)."""

import contextlib
import functools
import importlib.util
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import hypothesis
import pytest

# A machine that is busy makes no promise false, so no example is timed.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

IDNODE = Path(sys.executable).with_name("idnode")

os.environ["LANGUAGE"] = "en"  # what commands print is read here, also where people speak Chinese

PATIENCE_SECONDS = 60
"""Longest wait for another process; a bound against hanging, not an expectation."""


def pytest_addoption(parser):
    parser.addoption(
        "--register-engine",
        default="embedded",
        choices=("embedded", "fake", "postgresql"),
        help="engine under the nodes that tests start",
    )
    parser.addoption(
        "--thorough",
        action="store_true",
        help="try every example of the tests that take longest to make theirs, not a third of them",
    )
    parser.addoption(
        "--rounds",
        type=int,
        help="how often campaigns (tests/crash) do what they do, instead of the few times of a test run",
    )


@pytest.fixture(scope="session")
def examples(request):
    """Return a function that says how many examples to try of so many."""
    share = 1 if request.config.getoption("--thorough") else 3
    return lambda count: -(-count // share)


@pytest.fixture(scope="session")
def rounds(request):
    """Return a function that says how many rounds a campaign takes, usually so many."""
    return lambda usually: request.config.getoption("--rounds") or usually


@pytest.fixture
def tell(request):
    """Return a function that prints a line about a campaign that was asked for by ``--rounds``."""
    plugins = request.config.pluginmanager
    reporter, capture = map(plugins.get_plugin, ("terminalreporter", "capturemanager"))

    def write(line):
        if request.config.getoption("--rounds"):
            with capture.global_and_fixture_disabled():
                reporter.write_line(f"\n{line}")

    return write


def pytest_generate_tests(metafunc):
    """Run the tests of a module that names ``REGISTER_ENGINES`` once over each."""
    engines = getattr(metafunc.module, "REGISTER_ENGINES", None)
    if engines and "register_engine" in metafunc.fixturenames:
        metafunc.parametrize("register_engine", engines, indirect=True)


@pytest.fixture(scope="module", autouse=True)
def _engine_of_the_module(request):
    """Give nodes that a whole module has the engine that its tests have."""
    engines = getattr(request.module, "REGISTER_ENGINES", ())
    with pytest.MonkeyPatch.context() as patch:
        if len(engines) <= 1:  # else each test has its own nodes
            asked = request.config.getoption("--register-engine")
            _use(engines[0] if engines else asked, request, patch)
        yield


@pytest.fixture(autouse=True)
def register_engine(request, monkeypatch):
    """The engine of the nodes that a test starts: that of its module, else that of the command line."""
    name = getattr(request, "param", request.config.getoption("--register-engine"))
    _use(name, request, monkeypatch)
    return name


def _use(name, request, patch):
    """Have nodes that are started from now on use an engine."""
    if name == request.config.getoption("--register-engine") == "embedded":
        return  # they do
    from idnode.node import runtime
    from idnode.registry.engines import open_register

    openers = {
        "embedded": lambda: open_register,
        "fake": lambda: _module_beside("fake_remote").open_fake,
        "postgresql": lambda: request.getfixturevalue("postgres").open_of_folder,
    }
    patch.setattr(runtime, "open_register", openers[name]())


@functools.cache
def _module_beside(name):
    path = Path(__file__).parent / "contract" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fake_remote():
    """The module of the register whose records are elsewhere."""
    return _module_beside("fake_remote")


@pytest.fixture
def cutting_proxy():
    """The module of a network that can be cut in a commit."""
    return _module_beside("cutting_proxy")


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for the whole session; a test takes a database of its own."""
    server = _module_beside("private_postgres").PrivatePostgres()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory):
    """Return a folder of key pairs as a first start makes them: making them takes longer than the rest."""
    from idnode.node.first_start.key_pairs import load_or_make

    folder = tmp_path_factory.mktemp("made") / "keys"
    for prefix in ("88.900", "88.900.1"):
        load_or_make(folder, prefix)
    return folder


@pytest.fixture
async def node(tmp_path, register_engine, made_keys):
    """Return a started node on free ports, with a data directory of its own."""
    from idnode.node.runtime import Node
    from idnode.node.settings import Settings

    settings = Settings(
        data_dir=tmp_path / "data",
        durability="none",  # whoever asks for a node here keeps no promise about the disk
        handle_port=0,
        http_port=0,
        admin_port=0,
    )
    shutil.copytree(made_keys, settings.data_dir / "keys")
    started = Node(settings, seed=1)
    await started.start()
    yield started
    await started.stop()


class Output:
    """What a process prints, read as it comes."""

    def __init__(self, stream):
        self._lines = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def _read(self, stream):
        with stream:
            for line in stream:
                with self._changed:
                    self._lines.append(line)
                    self._changed.notify_all()

    @property
    def text(self):
        """Everything so far."""
        return "".join(self._lines)

    def wait_for(self, words):
        """Wait until these words were printed."""
        with self._changed:
            assert self._changed.wait_for(lambda: words in self.text, PATIENCE_SECONDS), self.text

    def finished(self):
        """Wait until nothing more can come, and return everything."""
        self._reader.join(PATIENCE_SECONDS)
        return self.text


def _tell_end(process, ended):
    process.wait()
    ended.put("the process has ended")


def _tell_ready(ready_file, ended):
    """Wait as `idnode wait` does, without the price of another process."""
    from idnode.node.commands import wait
    from idnode.node.commands.failure import CommandFailed

    try:
        wait.run(ready_file=ready_file, timeout=PATIENCE_SECONDS)
    except CommandFailed as error:
        ended.put(str(error))
    else:
        ended.put("ready")


class Served:
    """A node that runs as `idnode serve` in a process of its own."""

    def __init__(self, folder, *flags, through=()):
        self.folder = folder
        self.through = through
        self.data_dir = folder / "data"
        self.ready_file = folder / "ready.json"
        self.flags = (
            *("--data-dir", self.data_dir, "--ready-file", self.ready_file, "--seed", "1"),
            *("--handle-port", "0", "--http-port", "0", "--admin-port", "0", *flags),
        )
        self.process = None
        self.output = None
        self.ready = {}

    def launch(self):
        """Start the process, and do not wait."""
        # A killed node leaves its file behind, and another test's node may have its ports by now.
        self.ready_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*self.through, IDNODE, "serve", *map(str, self.flags)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = Output(self.process.stdout)
        return self

    def start(self):
        """Start it and wait until it says that it is ready."""
        self.launch()
        ended = queue.SimpleQueue()
        threading.Thread(target=_tell_ready, args=(self.ready_file, ended), daemon=True).start()
        threading.Thread(target=_tell_end, args=(self.process, ended), daemon=True).start()
        assert ended.get(timeout=PATIENCE_SECONDS + 5) == "ready", (
            self.output.finished() if self.process.poll() else self.output.text
        )
        self.ready = json.loads(self.ready_file.read_bytes())
        return self

    @property
    def environment(self):
        """What makes client commands ask this node."""
        return {
            "IDNODE_HANDLE_PORT": str(self.ready["handle_tcp"][1]),
            "IDNODE_HTTP_PORT": self.ready["http"].rpartition(":")[2],
            "IDNODE_ADMIN_PORT": self.ready["admin"].rpartition(":")[2],
        }

    def run(self, *arguments):
        """Run a command of `idnode` against it."""
        return subprocess.run(
            [IDNODE, *map(str, arguments)],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def stop(self, signal_number=signal.SIGTERM):
        """Send a signal and return the exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self):
        """End it at once if it still runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)
            self.output.finished()


class Launcher:
    """Starts nodes, and ends them after the test."""

    def __init__(self, folder, register_of):
        self._folder = folder
        self._register_of = register_of
        self.nodes = []

    def _made(self, flags, folder=None, through=()):
        folder = folder or self._folder
        if "--register" not in flags:
            flags = (*flags, *self._register_of(folder / "data"))
        self.nodes.append(Served(folder, *flags, through=through))
        return self.nodes[-1]

    def __call__(self, *flags, folder=None, through=()):
        """Return a node that is ready, with further flags; ``through`` is a command that starts it."""
        return self._made(flags, folder, through).start()

    def launched(self, *flags):
        """Return a node that has only just begun to start."""
        return self._made(flags).launch()

    def refused(self, *flags):
        """Return exit code and lines of a node that does not start."""
        node = self.launched(*flags)
        code = node.process.wait(PATIENCE_SECONDS)
        return code, node.output.finished().splitlines()


def _no_flags(_folder):
    return ()


@pytest.fixture(scope="module")
def register_of(request):
    """Return a function that returns the flags of a node's register, given its data directory.

    That is PostgreSQL if the command line says so and the module names no engines.
    """
    asked = request.config.getoption("--register-engine") == "postgresql"
    if not asked or hasattr(request.module, "REGISTER_ENGINES"):
        return _no_flags
    server = request.getfixturevalue("postgres")
    return lambda folder: ("--register", server.url_of_folder(folder))


@pytest.fixture
def served(tmp_path, register_engine, register_of):
    """Return a function that starts a node in a process of its own, with further flags."""
    if register_engine != "postgresql":
        register_of = _no_flags
    with _launcher(tmp_path, register_of) as launcher:
        yield launcher


@pytest.fixture(scope="module")
def launch_shared(tmp_path_factory, register_of):
    """Return a function that starts a node for the tests of a module; its data is in a folder of its own each time."""
    with _launcher(None, register_of) as launcher:
        yield lambda *flags: launcher(*flags, folder=tmp_path_factory.mktemp("shared"))


@contextlib.contextmanager
def _launcher(folder, register_of):
    launcher = Launcher(folder, register_of)
    try:
        yield launcher
    finally:
        for node in launcher.nodes:
            node.kill()
