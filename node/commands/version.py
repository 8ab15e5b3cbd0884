"""`idnode version`: what would run here."""

import platform

import typer

from idnode.node.build import core, version


def run() -> None:
    """Print the version, the core and the Python that runs it."""
    typer.echo(f"idnode {version()} ({core()} core, Python {platform.python_version()})")
