"""Help is whole, and speaks the language of the environment.

- In Chinese no text of any command stays English, and no line is wider than the terminal.
- No list of commands cuts a line, in either language.
- What Typer refuses is told in Chinese, too; each of its phrases that the catalogue has is one it says.
- In English nothing is translated, and the catalogue is not opened.
"""

import gettext
import subprocess
import sys

import pytest
import typer.main
from rich.cells import cell_len

from idnode.node import cli
from idnode.node.locales import phrases
from idnode.node.locales.catalogue import speak_chinese
from idnode.node.locales.whole_lines import tree

REFUSED = {
    ("sreve",): "没有命令 'sreve'。是否想用 'serve'",
    ("zzz",): "没有命令 'zzz'。",
    ("--nope",): "没有选项 --nope",
    ("tail", "--nope"): "没有选项 --nope（相近的选项：",
    ("tail", "--lines"): "选项 '--lines' 需要一个值。",
    ("tail", "--json=x"): "选项 '--json' 不带值。",
    ("show",): "缺少参数 'ID'。",
    ("enterprise", "show", "1", "2"): "多出的参数：2",
    ("sign", "88.900.1/cup"): "缺少选项 '--key'。",
    ("tail", "-n", "-1"): "'--lines' / '-n' 的值不正确：-1 不在范围 x>=0 之内。",
    ("tail", "-n", "x"): "'x' 不是整数。",
    ("tail", "--code", "x"): "'x' 不是整数。",
    ("wait", "--timeout", "x"): "'x' 不是数字。",
    ("clock", "speed", "x"): "'x' 不是数字。",
    ("traffic", "--profile", "x"): "'x' 不是下列之一：'day', 'flat'。",
}


@pytest.fixture
def chinese(monkeypatch):
    """Have this process speak Chinese for a test."""
    monkeypatch.setenv("LANGUAGE", "zh")
    monkeypatch.setattr(gettext, "_current_domain", gettext.textdomain())
    speak_chinese()


@pytest.fixture
def run(monkeypatch, capfd):
    """Return a function that runs `idnode` on a terminal of 80 columns: exit code, output, errors."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["idnode", *arguments])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        return ending.value.code or 0, *capfd.readouterr()

    return run


def _paths(command, path=()):
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from _paths(below, (*path, name))


PATHS = list(_paths(typer.main.get_command(cli.application([]))))
GROUPS = [path for path in PATHS if any(other[:-1] == path for other in PATHS if other)]


def test_no_text_of_any_command_stays_english(chinese):
    for command in tree(cli.command_of(cli.application([]))):
        for part in (command, *command.params):
            text = getattr(part, "help", None) or "无"
            assert any("\u4e00" <= each <= "\u9fff" for each in text), text


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_chinese_help_fits_the_terminal(chinese, run, path):
    code, output, errors = run(*path, "--help")
    assert (code, errors) == (0, "")
    assert output.startswith(f"用法：idnode {' '.join(path)}".rstrip())
    assert "显示本说明并退出。" in output
    assert max(map(cell_len, output.splitlines()[1:])) <= 80


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", GROUPS, ids=" ".join)
def test_no_line_of_a_list_is_cut(request, run, path, language):
    if language == "zh":
        request.getfixturevalue("chinese")
    _, output, _ = run(*path, "--help")
    group = cli.command_of(cli.application([*path]))
    for name in path:
        group = group.commands[name]
    shown = "".join(output.split())
    assert group.commands
    for command in group.commands.values():
        assert f"{command.name}{''.join(command.short_help.split())}" in shown
    assert not [line for line in output.splitlines()[1:] if line.endswith("...")]


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_what_typer_refuses_is_told_in_chinese(chinese, run, arguments):
    code, _, errors = run(*arguments)
    assert code == 2
    assert "错误：" in errors
    assert REFUSED[arguments] in errors


def test_every_phrase_is_one_that_typer_says(run):
    said = [line for arguments in REFUSED for line in run(*arguments)[2].splitlines()]
    left = set(phrases.PHRASES) - set().union(*map(_phrases_in, said))
    assert left == set()


def _phrases_in(line):
    for phrase, pattern in phrases._patterns().items():
        if found := pattern.fullmatch(line):
            return {phrase}.union(*map(_phrases_in, found.groupdict().values()))
    return set()


def _idnode(*arguments, **variables):
    command = [sys.executable, "-m", "idnode.node", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "80", "PYTHONUTF8": "1", **variables}
    return subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize("command", ["resolve", "fault", "serve"])
def test_the_environment_of_the_process_chooses(command):
    english = _idnode(command, "--help", LANG="en_US.UTF-8").stdout
    chinese = _idnode(command, "--help", LANG="zh_CN.UTF-8").stdout
    assert english.startswith("Usage: ")
    assert chinese.startswith("用法：")
    assert "Show this message" not in chinese


def test_in_english_no_catalogue_is_opened():
    script = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, given: opened.append(given[0]) if event == 'open' else None)\n"
        "from idnode.node import cli; sys.argv = ['idnode', 'resolve', '--help']\n"
        "try: cli.main()\n"
        "finally: print([each for each in opened if str(each).endswith('.mo')],"
        " [each for each in ('babel', 'idnode.node.locales.help') if each in sys.modules])\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[] []"
