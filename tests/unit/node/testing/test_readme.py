"""The file in the README passes a client that is right, and fails one that makes either of two common mistakes."""

import re
from pathlib import Path

import pytest

README = Path("node/testing/README.md").read_text()
TESTS = re.search(r"```python file=test_my_client.py\n(.*?)```", README, re.DOTALL).group(1)

CLIENT = '''
    """A client of SNMS; the two switches are the two mistakes."""

    import json
    import urllib.error
    import urllib.request
    import uuid

    REGISTERS_ANEW = {anew}
    IGNORES_ITEMS = {ignores}


    class Client:
        def __init__(self, base, username, password):
            self.base = base
            account = {{"username": username, "password": password}}
            self.token = None
            self.token = self.call("/identity/token", account)["data"]["token"]

        def call(self, path, body):
            headers = {{"Content-Type": "application/json"}}
            if self.token:
                headers["Authorization"] = f"Bearer {{self.token}}"
            request = urllib.request.Request(self.base + path, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request) as response:
                return json.load(response)

        def register(self, prefix, template, values):
            handle = f"{{prefix}}/{{uuid.uuid4()}}"
            while True:
                try:
                    answer = self.call("/identityv2/data", item(handle, template, values))
                except urllib.error.HTTPError as error:
                    error.close()
                    assert error.code == 504
                    if REGISTERS_ANEW:
                        handle = f"{{prefix}}/{{uuid.uuid4()}}"
                    continue
                assert answer["status"] == 1 or answer["message"] == "标识已存在", answer
                return handle

        def register_all(self, handles, template, values):
            body = [item(handle, template, values) for handle in handles]
            answer = self.call("/identityv2/data/batchCreate", body)
            assert answer["status"] == 1, answer
            if IGNORES_ITEMS:
                return handles
            return [each["handle"] for each in answer["data"] if each["msg"] == "success"]


    def item(handle, template, values):
        value = [
            {{"index": 2000, "type": name, "data": {{"format": "string", "value": text}}}}
            for name, text in values.items()
        ]
        return {{"handle": handle, "templateVersion": template, "value": value}}
'''


def test_it_has_25_lines_at_most():
    assert len(TESTS.splitlines()) <= 25


@pytest.mark.parametrize(
    ("anew", "ignores", "caught"),
    [
        (False, False, []),
        (True, False, ["test_a_504_after_the_commit_registers_once"]),
        (False, True, ["test_each_item_of_a_batch_is_looked_at"]),
    ],
)
def test_it_catches_each_mistake(run_tests, anew, ignores, caught):
    client = CLIENT.format(anew=anew, ignores=ignores)
    result = run_tests(test_my_client=TESTS, my_client=client)
    result.assert_outcomes(passed=2 - len(caught), failed=len(caught))
    result.stdout.fnmatch_lines([f"FAILED *{name}*" for name in caught])
    if caught:
        assert "idnode journal" in result.stdout.str()
