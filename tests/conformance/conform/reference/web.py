"""Tasks over HTTP, done by the reference client: Handle JSON, batches, SNMS, IDHub."""

import base64
import http.client
import json
import time
from urllib.parse import quote, urlencode, urlsplit

from idnode.registry.handle.clock import SystemClock

CLOCK = SystemClock()
ATTEMPTS = 3
ENDLESS = 20
PAUSE_SECONDS = 0.01
BIG_BYTES = 64_000
KINDS = {100: "not_found", 101: "exists", 200: "values_not_found", 403: "authentication"}


class Wrong(Exception):
    """The task failed; ``kind`` says how."""

    def __init__(self, kind, message=""):
        super().__init__(message or kind)
        self.kind = kind


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


class WebTask:
    """Does one task, right or wrong in one way."""

    def __init__(self, task, wrong):
        self.task = task
        self.wrong = wrong
        self.token = None
        self.connection = None
        self.base = urlsplit(task["url"])

    def do(self):
        if self.task["face"] in {"snms", "idhub"}:
            from tests.conformance.conform.reference.token_apis import IdhubTask, SnmsTask

            self.__class__ = SnmsTask if self.task["face"] == "snms" else IdhubTask
        try:
            return {"outcome": "ok", **getattr(self, self.task["operation"])()}
        except Wrong as error:
            return {"outcome": "error", "kind": error.kind, "message": str(error)}
        except (OSError, http.client.HTTPException) as error:
            return {"outcome": "error", "kind": "unanswered", "message": repr(error)}
        finally:
            if self.connection is not None:
                self.connection.close()

    # HTTP

    def once(self, method, target, body=None, headers=None):
        """Return one response, whatever its status."""
        if self.connection is None:
            seconds = 0.1 if self.wrong == "hasty" else 5
            self.connection = http.client.HTTPConnection(
                self.base.hostname, self.base.port, timeout=seconds
            )
        began = CLOCK.elapsed()
        try:
            self.connection.request(method, target, body, headers or {})
            response = self.connection.getresponse()
            try:
                found = response.read()
            except http.client.IncompleteRead as error:
                if self.wrong != "cut-is-whole":
                    raise
                self.connection.close()
                found = error.partial
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        if self.wrong == "hasty" and CLOCK.elapsed() - began > 0.1:
            raise Wrong("unanswered", "time over")
        if self.wrong == "small-buffer" and len(found) > BIG_BYTES:
            raise Wrong("malformed", "too long")
        return Response(response.status, response.headers, found)

    def patiently(self, method, target, body=None, headers=None):
        """Return a response that is no 503 and, of a secret that is refused, no 401 for ever."""
        if self.wrong == "no-retry":
            attempts = 1
        else:
            attempts = ENDLESS if self.wrong == "endless-retry" else ATTEMPTS
        for attempt in range(attempts):
            response = self.once(method, target, body, headers)
            if response.status == 401 and self.wrong == "endless-401":
                for _ in range(ENDLESS):
                    self.once(method, target, body, headers)
            if response.status != 503:
                return response
            if attempt + 1 < attempts:
                asked = float(response.headers.get("Retry-After") or PAUSE_SECONDS)
                time.sleep(PAUSE_SECONDS if self.wrong == "no-wait" else asked)
        raise Wrong("busy")

    def parsed(self, response):
        """Return the JSON object of a response."""
        try:
            found = json.loads(
                response.body.decode("latin-1" if self.wrong == "latin-1" else "utf-8")
            )
        except ValueError as error:
            if (
                self.wrong == "html-is-empty"
                and b"<html" in response.body
                and response.status != 504
            ):
                return {
                    "responseCode": 1,
                    "status": 1,
                    "code": 1,
                    "values": [],
                    "data": {"value": [], "values": []},
                }
            if self.wrong == "cut-is-whole" and b"<html" not in response.body:
                return {"responseCode": 1, "values": []}
            raise Wrong("authentication" if response.status == 401 else "malformed") from error
        if not isinstance(found, dict):
            raise Wrong("malformed")
        return found

    # Handle JSON

    def headers(self):
        who = self.task["credentials"]
        user = f"{who['index']}:{who['handle']}"
        if self.wrong != "plain-basic":
            user = quote(user, safe="")
        pair = base64.b64encode(f"{user}:{who['secret']}".encode()).decode()
        return {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}

    def path(self, handle, **query):
        name = handle
        if self.wrong == "encodes-twice":
            name = quote(name, safe="")
        path = f"/api/handles/{quote(name, safe='')}"
        return f"{path}?{urlencode(query, doseq=True)}" if query else path

    def resolve(self):
        return {"values": self.values_of(self.task["handle"])}

    def values_of(self, handle):
        types = [] if self.wrong == "ignores-filter" else self.task.get("types", [])
        query = {"type": types} if types else {}
        response = self.patiently("GET", self.path(handle, **query))
        found = self.parsed(response)
        code = found.get("responseCode")
        if code == 100 and self.wrong == "not-found-is-empty":
            return []
        if code == 200 and self.wrong == "values-not-found-is-not-found":
            raise Wrong("not_found")
        if code not in {1, *KINDS} and self.wrong == "unknown-is-ok":
            return []
        if code != 1:
            raise Wrong(KINDS.get(code, "other"), f"response code {code}")
        values = [each for each in found["values"] if each["type"] != "HS_ADMIN"]
        if self.wrong == "first-value-only":
            values = values[:1]
        return [
            {"index": each["index"], "type": each["type"], "data": each["data"]["value"]}
            for each in values
        ]

    def given(self):
        return [
            {
                "index": each["index"],
                "type": each["type"],
                "data": {"format": "string", "value": each["data"]},
            }
            for each in self.task["values"]
        ]

    def admin(self, handle):
        value = {
            "handle": f"0.NA/{handle.partition('/')[0]}",
            "index": 200,
            "permissions": "011111110011",
        }
        return {"index": 100, "type": "HS_ADMIN", "data": {"format": "admin", "value": value}}

    def written(self, response):
        if response.status == 504:
            raise Wrong("unanswered")
        if self.wrong == "writes-always-ok":
            return
        found = self.parsed(response)
        if response.status not in {200, 201} or found.get("responseCode") != 1:
            code = found.get("responseCode")
            raise Wrong(KINDS.get(code, "refused"), f"response code {code}")

    def put(self, handle, values, **query):
        body = json.dumps({"values": values}, ensure_ascii=False).encode()
        return self.patiently("PUT", self.path(handle, **query), body, self.headers())

    def create(self):
        handle = self.task["handle"]
        values = (
            [*self.given()] if self.wrong == "no-admin" else [*self.given(), self.admin(handle)]
        )
        overwrite = "true" if self.wrong == "overwrites" else "false"
        for _attempt in range(ATTEMPTS):
            try:
                self.written(self.put(handle, values, overwrite=overwrite))
            except Wrong as error:
                if error.kind != "unanswered":
                    raise
                if self.wrong == "gateway-timeout-is-ok":
                    return {}
                if self.wrong == "renames":
                    handle += "-2"
                elif self.once("GET", self.path(handle)).status == 200:
                    return {}
            else:
                return {}
        raise Wrong("unanswered")

    def modify(self):
        handle, values = self.task["handle"], self.given()
        if self.wrong == "replaces-all":
            self.written(self.put(handle, [*values, self.admin(handle)], overwrite="true"))
        else:
            self.written(self.put(handle, values, index="various", overwrite="true"))
        return {}

    add = modify

    def remove(self):
        query = {} if self.wrong == "removes-all" else {"index": self.task["indexes"]}
        target = self.path(self.task["handle"], **query)
        self.written(self.patiently("DELETE", target, None, self.headers()))
        return {}

    def delete(self):
        if self.wrong == "says-done":
            self.once("GET", self.path(self.task["handle"]))
            return {}
        target = self.path(self.task["handle"])
        self.written(self.patiently("DELETE", target, None, self.headers()))
        return {}

    def batch(self):
        items = [
            [each["handle"], [[v["index"], v["type"], v["data"]] for v in each["values"]]]
            for each in self.task["items"]
        ]
        body = json.dumps(items).encode()
        found = self.parsed(
            self.patiently("POST", "/api/v1/identifiers/batch", body, self.headers())
        )
        refused = {each["position"] for each in found["failures"]}
        if self.wrong == "items-all-ok":
            refused = set()
        return {
            "items": [
                {"handle": each["handle"], "ok": at not in refused}
                for at, each in enumerate(self.task["items"])
            ]
        }
