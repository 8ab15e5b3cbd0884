"""The command line: finds the command, runs it, and turns any failure into one line and an exit code."""

import importlib
import io
import sys
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer
import typer.main

from idnode.node.commands.failure import CommandFailed
from idnode.node.defaults import SettingsRefused
from idnode.node.imports import imported_beside, imports_kept
from idnode.node.locales import language
from idnode.node.locales.catalogue import speak_chinese
from idnode.node.locales.whole_lines import keep_lines_whole
from idnode.registry.handle.errors import RegistryError

COMMANDS: Final = {
    "serve": "idnode.node.commands.serve",
    "wait": "idnode.node.commands.wait",
    "resolve": "idnode.node.commands.resolve",
    "trace": "idnode.node.commands.trace",
    "register": "idnode.node.commands.register",
    "set": "idnode.node.commands.set",
    "delete": "idnode.node.commands.delete",
    "application": "idnode.node.commands.application",
    "batch": "idnode.node.commands.batch",
    "list": "idnode.node.commands.list",
    "export": "idnode.node.commands.export",
    "import": "idnode.node.commands.import_",
    "snapshot": "idnode.node.commands.snapshot",
    "check": "idnode.node.commands.check",
    "tail": "idnode.node.commands.tail",
    "show": "idnode.node.commands.show",
    "fault": "idnode.node.commands.fault",
    "fixtures": "idnode.node.commands.fixtures",
    "clock": "idnode.node.commands.clock",
    "conform": "idnode.node.commands.conform",
    "dataset": "idnode.node.commands.dataset",
    "enterprise": "idnode.node.commands.enterprise",
    "reset": "idnode.node.commands.reset",
    "review": "idnode.node.commands.review",
    "state": "idnode.node.commands.state",
    "sign": "idnode.node.commands.sign",
    "verify": "idnode.node.commands.verify",
    "storage": "idnode.node.commands.storage",
    "settings": "idnode.node.commands.settings",
    "tree": "idnode.node.commands.tree",
    "traffic": "idnode.node.commands.traffic",
    "version": "idnode.node.commands.version",
}
"""Name → module with the function `run`, or with `group` if it has commands of its own."""

_STORAGE: Final = {"init", "migrate", "check", "copy"}
"""Behind `register` these words are commands of `storage`: no identifier is without a slash."""

WITH_SETTINGS: Final = {"serve", "settings"}

_BESIDE: Final = {"serve": "aiohttp"}
"""What a command will need and a thread imports meanwhile: aiohttp reads the system's certificates as it is imported."""

_USAGE_EXIT_CODE: Final = 2


def application(arguments: list[str]) -> typer.Typer:
    """Return the application with the command that is asked for, or with all when it is unclear which.

    Loading one command keeps `idnode resolve` from importing what only `idnode serve` needs.
    """
    asked = next((word for word in arguments if not word.startswith("-")), None)
    if arguments[:1] == ["--version"]:
        asked = "version"
    names = [asked] if asked in COMMANDS else list(COMMANDS)
    app = typer.Typer(
        name="idnode",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_about)
    for name in names:
        module = importlib.import_module(COMMANDS[name])
        if hasattr(module, "group"):
            app.add_typer(module.group, name=name)
            continue
        app.command(name)(_with_settings(module.run) if name in WITH_SETTINGS else module.run)
    return app


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    from idnode.node.commands.options import with_settings  # noqa: PLC0415  # imports the table

    return with_settings(command)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # the signature of an option's callback
    if wanted:
        importlib.import_module(COMMANDS["version"]).run()
        raise typer.Exit


def _about(
    *,
    version: Annotated[  # its callback does it
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Run and use a local secondary node for industrial-internet identifiers."""


def main() -> None:
    """Run the command in ``sys.argv``, in the language of the environment."""
    try:
        if language() == "zh":
            speak_chinese()
        arguments = sys.argv[1:]
        if arguments[:1] == ["register"] and _STORAGE.intersection(arguments[1:2]):
            arguments[0] = "storage"
        with imports_kept(), imported_beside(_BESIDE.get(arguments[0]) if arguments else None):
            command = command_of(application(arguments))
        sys.exit(_run(command, _spelled_out(arguments)))
    except SettingsRefused as error:
        _fail(str(error), _USAGE_EXIT_CODE)
    except CommandFailed as error:
        _fail(str(error), error.exit_code)
    except (RegistryError, OSError) as error:
        _fail(str(error) or type(error).__name__, 1)
    except KeyboardInterrupt:
        sys.exit(130)


def command_of(app: typer.Typer) -> Any:
    """Return the application as a tree of commands that explains itself in the language of the environment."""
    command = typer.main.get_command(app)
    if language() == "zh":
        from idnode.node.locales.help import translate  # noqa: PLC0415  # needless in English

        translate(command)
    keep_lines_whole(command)
    return command


def _run(command: Any, arguments: list[str]) -> int:
    """Run a command and return its exit code; what Typer refuses is shown in the language of the environment."""
    try:
        return command.main(arguments, standalone_mode=False) or 0
    except typer.TyperException as error:
        _show(error)
        return error.exit_code
    except typer.Abort:
        typer.echo(_spoken("Aborted!"), err=True)
        return 1


def _show(error: Any) -> None:
    page = io.StringIO()
    error.show(file=page)
    for line in page.getvalue().splitlines():
        typer.echo(_spoken(line), err=True)


def _spoken(line: str) -> str:
    if language() == "en":
        return line
    from idnode.node.locales.phrases import in_language  # noqa: PLC0415  # needless in English

    return in_language(line)


def _spelled_out(arguments: list[str]) -> list[str]:
    if not WITH_SETTINGS.intersection(arguments[:1]):
        return arguments
    from idnode.node.commands.options import spelled_out  # noqa: PLC0415  # imports the table

    return spelled_out(arguments)


def _fail(message: str, exit_code: int) -> None:
    typer.echo(f"idnode: {message}", err=True)
    sys.exit(exit_code)
