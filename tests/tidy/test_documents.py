"""The documents keep up with the code.

- Every setting is in `deploy/node.toml` at its default, and in the pages of settings with it; none has more.
- Every metric is in the runbook, every command in the README, which has at most 170 lines.
- Every dependency is in the table of `CONTRIBUTING.md`, with its reason.
- The Chinese README has the same sections, commands and tables; a Chinese page links to Chinese ones where there are any.
- What a document of the project links to exists, to the heading.
"""

import re
import tomllib

import pytest
from prometheus_client.parser import text_string_to_metric_families

from idnode.node.cli import COMMANDS
from idnode.node.ops import persistent_counters
from idnode.node.ops.metrics import Facts, Metrics
from idnode.node.settings import Settings, load
from idnode.node.settings_page import page

README = "README.md"
CHINESE = "README.zh.md"
FOLDERS = ("node", "registry", "clients", "loadtests", "benchmarks", "deploy")


@pytest.fixture(scope="module")
def example(root):
    """Return the example file with the mark taken off every setting."""
    text = (root / "deploy/node.toml").read_text(encoding="utf-8")
    return tomllib.loads(re.sub(r"^# ([a-z_]+ = )", r"\1", text, flags=re.MULTILINE))


@pytest.fixture(scope="module", params=[README, CHINESE])
def readme(request, root):
    return (root / request.param).read_text(encoding="utf-8")


def _rows(text, name):
    """Return first cells of the table that names ``name`` in one of them."""
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    (table,) = [each for each in tables if re.search(rf"^\| [` ]{name}`", each, flags=re.MULTILINE)]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {re.findall(r"`([a-z_]+)`", row[0])[0]: row for row in rows}


def test_the_example_file_has_every_setting_and_no_other(example):
    assert sorted(example) == sorted(Settings.model_fields)


def test_the_example_file_shows_the_defaults(example, tmp_path):
    examples = {name for name, field in Settings.model_fields.items() if field.default is None}
    shown = {name: value for name, value in example.items() if name not in examples}
    assert Settings(**shown) == Settings()


def test_the_example_file_can_be_used_as_it_is(root):
    load({}, root / "deploy/node.toml")


@pytest.mark.parametrize("name", ["node/SETTINGS.md", "node/SETTINGS.zh.md"])
def test_the_pages_have_every_setting_and_no_other(root, name):
    rows = _rows((root / name).read_text(encoding="utf-8"), "data_dir")
    assert sorted(rows) == sorted(Settings.model_fields)


@pytest.mark.parametrize(("name", "language"), [("SETTINGS.md", "en"), ("SETTINGS.zh.md", "zh")])
def test_the_pages_of_settings_are_current(root, name, language):
    assert (root / "node" / name).read_text(encoding="utf-8") == page(language)


@pytest.mark.parametrize("name", ["deploy/README.md", "deploy/README.zh.md"])
def test_the_runbook_has_every_metric(root, name):
    runbook = (root / name).read_text(encoding="utf-8")
    metrics = Metrics(Facts("1", "python", 1, 1), {kind: {} for kind in persistent_counters.KINDS})
    face = metrics.face("http")
    face.malformed("x")
    names = {
        sample.name
        for family in text_string_to_metric_families(metrics.render("")[0].decode())
        for sample in family.samples
    }
    names = {re.sub("_(bucket|sum|count)$", "", name) for name in names}
    missing = [name for name in names if name.startswith("idnode") and f"`{name}`" not in runbook]
    assert not missing


def test_the_readme_names_every_command(readme):
    missing = [name for name in COMMANDS if not re.search(rf"[` ]{name}[` ]", readme)]
    assert not missing


def test_the_chinese_readme_has_the_same_sections_commands_and_tables(root):
    english, chinese = ((root / name).read_text(encoding="utf-8") for name in (README, CHINESE))
    for pattern in (r"^##? ", r"^\|"):
        count = [len(re.findall(pattern, text, flags=re.MULTILINE)) for text in (english, chinese)]
        assert count[0] == count[1], pattern
    fences = re.compile(r"^```sh.*?^```", flags=re.MULTILINE | re.DOTALL)
    assert fences.findall(english) == fences.findall(chinese)


def test_the_readme_is_short_and_names_what_everybody_needs(readme):
    assert len(readme.splitlines()) <= 170
    assert "`make run`" in readme
    assert "`make test`" in readme


def _documents(root):
    found = [*root.glob("*.md"), *(p for f in FOLDERS for p in (root / f).rglob("*.md"))]
    return [path for path in found if "out" not in path.relative_to(root).parts]


def _links(path):
    """Yield target and anchor of each link to a file of the project."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            name, _, anchor = target.partition("#")
            yield (path.parent / name).resolve() if name else path, anchor


def _anchors(path):
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each).strip().lower().replace(" ", "-") for each in headings}


def test_what_documents_link_to_exists(root):
    broken = [
        f"{document.relative_to(root)}: {target.name}#{anchor}"
        for document in _documents(root)
        for target, anchor in _links(document)
        if not target.exists() or (anchor and anchor not in _anchors(target))
    ]
    assert not broken


def test_what_the_chinese_readme_links_to_is_chinese(root):
    pages = [target for target, _ in _links(root / CHINESE) if target.suffix == ".md"]
    english = [page.name for page in pages if not page.name.endswith(".zh.md")]
    assert english == [README]


def test_every_dependency_is_explained(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(name for extra in project["project"]["optional-dependencies"].values() for name in extra),
    ]
    rows = re.findall(r"^\| ([^|]+) \|", (root / "CONTRIBUTING.md").read_text(), flags=re.MULTILINE)
    explained = set(re.findall(r"[a-z0-9-]+", " ".join(rows)))
    names = {re.match(r"[a-z0-9-]+", requirement.lower())[0] for requirement in asked}
    assert not names - explained


def test_chinese_pages_lead_to_chinese_pages(root):
    away = [
        f"{document.relative_to(root)}: {target.name}"
        for document in _documents(root)
        if document.name.endswith(".zh.md")
        for target, _ in _links(document)
        if target.with_suffix(".zh.md").exists() and target.with_suffix(".zh.md") != document
    ]
    assert not away
