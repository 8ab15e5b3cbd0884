"""The settings table keeps these promises.

- Flags beat the environment, the environment beats the file, the file beats the defaults.
- A key that nobody knows is an error that names it and the nearest known one.
- Each value says where it came from, and a value out of bounds is reported with that.
- An own secret is never shown.
"""

import pytest

from idnode.node.settings import (
    Settings,
    SettingsRefused,
    load,
)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in (*Settings.model_fields, "config"):
        monkeypatch.delenv(f"IDNODE_{name.upper()}", raising=False)


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "node.toml"
        path.write_text(text)
        return path

    return write


def test_without_anything_the_defaults_hold():
    loaded = load({})
    assert loaded.settings.http_port == 8000
    assert all(origin == "default" for _, _, origin in loaded.rows())


def test_each_layer_beats_the_one_below(file, monkeypatch):
    config = file("http_port = 1\nhandle_port = 1\nadmin_port = 1\n")
    monkeypatch.setenv("IDNODE_HANDLE_PORT", "2")
    monkeypatch.setenv("IDNODE_ADMIN_PORT", "2")
    loaded = load({"admin_port": "3"}, config)
    settings = loaded.settings
    assert (settings.http_port, settings.handle_port, settings.admin_port) == (1, 2, 3)
    origins = {name: origin for name, _, origin in loaded.rows()}
    assert origins["http_port"] == f"file {config}"
    assert origins["handle_port"] == "environment IDNODE_HANDLE_PORT"
    assert origins["admin_port"] == "flag --admin-port"


def test_the_environment_may_name_the_file(file, monkeypatch):
    monkeypatch.setenv("IDNODE_CONFIG", str(file('durability = "none"\n')))
    assert load({}).settings.durability == "none"


def test_an_unknown_key_of_the_file_names_the_nearest_known_one(file):
    with pytest.raises(SettingsRefused, match=r"unknown key 'http_prot'.*'http_port'"):
        load({}, file("http_prot = 1\n"))


def test_an_unknown_variable_names_the_nearest_known_one(monkeypatch):
    monkeypatch.setenv("IDNODE_DATADIR", "x")
    with pytest.raises(SettingsRefused, match=r"IDNODE_DATADIR.*'IDNODE_DATA_DIR'"):
        load({})


def test_variables_that_are_not_settings_are_known(monkeypatch):
    monkeypatch.setenv("IDNODE_PURE", "1")
    load({})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("http_port", "70000"),
        ("http_port", "many"),
        ("durability", "maybe"),
        ("prefix", "88.900/x"),
        ("prefix", ""),
        ("secret", ""),
        ("durability_interval", "0"),
        ("site_address", "example.org"),
    ],
)
def test_a_value_out_of_bounds_is_reported_with_its_origin(name, text):
    with pytest.raises(SettingsRefused, match=rf"{name}.*flag --{name.replace('_', '-')}"):
        load({name: text})


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(SettingsRefused, match="cannot read"):
        load({}, tmp_path / "absent.toml")


def test_a_file_that_is_no_toml_is_an_error(file):
    with pytest.raises(SettingsRefused, match="not valid TOML"):
        load({}, file("http_port = = 1"))


def test_an_own_secret_is_never_shown(file):
    loaded = load({"secret": "sesame-of-mine"})
    assert "sesame-of-mine" not in repr(loaded.rows())
    with pytest.raises(SettingsRefused) as refusal:
        load({}, file("secret = [1234567]\n"))
    assert "1234567" not in str(refusal.value)


def test_a_certificate_goes_with_its_key():
    for name in ("tls_certificate", "tls_key"):
        with pytest.raises(SettingsRefused) as refused:
            load({name: "/some.pem", "secret": "sesame-of-mine"})
        assert str(refused.value) == "tls_certificate and tls_key go together"


def test_code_that_builds_settings_is_not_touched_by_the_environment(monkeypatch):
    monkeypatch.setenv("IDNODE_HTTP_PORT", "1")
    assert Settings().http_port == 8000


def test_reads_that_may_be_old_are_for_a_register_elsewhere():
    remote = {"register": "postgresql://clerk@db/idnode", "near_cache": "2s"}
    assert load(remote).settings.near_cache == 2.0
    replicas = {**remote, "register_read": "postgresql://clerk@db2/idnode"}
    assert load(replicas).settings.register_read.get_secret_value().endswith("@db2/idnode")
    for refused in ({"near_cache": "2s"}, {"register_read": "postgresql://db2/idnode"}):
        with pytest.raises(SettingsRefused, match="for a register on PostgreSQL"):
            load(refused)
    with pytest.raises(SettingsRefused, match="named by a URL") as told:
        load({**remote, "register_read": "db2-and-a-secret"})
    assert "secret" not in str(told.value)
