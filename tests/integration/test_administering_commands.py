"""`idnode register`, `set`, `list` and `delete` do the same over HTTP and over the Handle protocol."""

import pytest


@pytest.mark.parametrize("face", ["http", "tcp"])
def test_the_commands_administer_over_either_face(served, face):
    node = served()

    def run(*arguments):
        done = node.run(*arguments, "--transport", face)
        return done.returncode, (done.stdout + done.stderr).strip()

    assert run("register", "88.900.1/cup", "URL=https://example.org") == (
        0,
        "88.900.1/cup registered",
    )
    assert run("set", "88.900.1/cup", "7:DESC=gear") == (0, "88.900.1/cup changed")
    assert run("register", "88.900.1/cup", "URL=x")[0] == 1
    listed = run("list", "88.900.1")[1].splitlines()
    assert listed == ["88.900.1/cup", "88.900.1/hello"]
    assert "gear" in node.run("resolve", "88.900.1/cup").stdout
    assert run("delete", "88.900.1/cup", "--index", "7") == (0, "88.900.1/cup changed")
    assert "gear" not in node.run("resolve", "88.900.1/cup").stdout
    assert run("delete", "88.900.1/cup") == (0, "88.900.1/cup deleted")
    assert run("delete", "88.900.1/cup")[0] == 1
    code, text = run("register", "88.900.1/cup", "URL=x", "--secret", "wrong")
    assert code == 1
    assert "fail" in text.lower()
