"""Runs of pytest inside a test, with the plugin and pytest-xdist and no other plugin."""

import pytest


@pytest.fixture
def run_tests(pytester, monkeypatch):
    """Return a function that runs these files' tests in a process of their own."""
    # Named here, so that a source tree that was never installed, and has no entry points, is tested, too.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = ("-p", "xdist.plugin", "-p", "idnode.node.testing.plugin")

    def run(*arguments, **files):
        pytester.makepyfile(**files)
        return pytester.runpytest_subprocess(*plugins, "-p", "no:cacheprovider", *arguments)

    return run
