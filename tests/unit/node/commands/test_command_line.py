"""The command line keeps these promises.

- Every setting has its flag on `serve` and `settings`; what the flags say is what is shown.
- Any failure is one line on standard error and an exit code, never a traceback.
- A command loads only what it needs.
"""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from idnode.node import cli
from idnode.node.settings import Settings, flag_of


@pytest.fixture
def run(monkeypatch, capfd):
    """Return a function that runs `idnode` with arguments: exit code, output, errors."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["idnode", *arguments])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        output, errors = capfd.readouterr()
        return ending.value.code or 0, output, errors

    return run


@pytest.mark.parametrize("command", ["serve", "settings"])
def test_every_setting_has_its_flag(command):
    text = CliRunner().invoke(cli.application([command]), [command, "--help"]).output
    assert not [name for name in Settings.model_fields if flag_of(name) not in text]


@pytest.mark.parametrize("command", list(cli.COMMANDS))
def test_every_command_explains_itself(run, command):
    code, output, errors = run(command, "--help")
    assert (code, errors) == (0, "")
    assert f"idnode {command}" in output


def test_settings_shows_values_and_origins_as_json(run):
    code, output, _ = run("settings", "--json", "--http-port", "0")
    assert code == 0
    assert json.loads(output)["http_port"] == {"value": "0", "origin": "flag --http-port"}


def test_settings_shows_a_table(run):
    code, output, _ = run("settings", "--prefix", "88.901")
    assert code == 0
    assert "88.901" in output
    assert "flag --prefix" in output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["settings", "--http-port", "x"], 2, "flag --http-port"),
        (["settings", "--config", "/absent.toml"], 2, "/absent.toml"),
        (["check", "/absent"], 1, "/absent is no directory"),
        (["resolve", "88.900.1/x", "--server", "node"], 1, "HOST:PORT"),
        (["batch", "/absent.ndjson"], 1, "/absent.ndjson"),
        (["register", "88.900.1/x", "URL"], 1, "TYPE=DATA"),
        (["wait", "--admin", "ftp://node"], 1, "no http URL"),
        (["wait", "--ready-file", "/absent", "--timeout", "0"], 1, "not ready after 0 s"),
        (["snapshot", "x", "--admin", "ftp://node"], 1, "no http URL"),
    ],
)
def test_a_failure_is_one_line_and_an_exit_code(run, arguments, code, words):
    ended, _, errors = run(*arguments)
    assert ended == code
    assert len(errors.splitlines()) == 1
    assert errors.startswith("idnode: ")
    assert words in errors


def test_an_unknown_command_lists_what_there_is(run):
    code, _, errors = run("sreve")
    assert code == 2
    assert "sreve" in errors


def test_version_says_version_and_core(run):
    assert run("version")[1].startswith("idnode ")


@pytest.mark.parametrize("command", ["resolve", "register", "list", "batch"])
def test_asking_loads_no_server(command):
    heavy = ("aiohttp", "asyncio", "uvloop", "pydantic", "sqlalchemy", "idnode.node.runtime")
    script = (
        f"import sys, idnode.node.cli as cli; cli.application([{command!r}])\n"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_version_is_a_flag_as_well(run):
    assert run("--version") == run("version")


def test_shells_are_offered_completion(run, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    code, text, errors = run("--show-completion", "bash")
    assert (code, errors) == (0, "")
    assert "_IDNODE_COMPLETE" in text


def test_a_switch_may_stand_alone():
    from idnode.node.commands.options import spelled_out

    given = ["serve", "--allow-reset", "--host", "::1", "--auto-approve", "no", "--verify"]
    assert spelled_out(given) == [
        *("serve", "--allow-reset", "yes", "--host", "::1"),
        *("--auto-approve", "no", "--verify", "yes"),
    ]
