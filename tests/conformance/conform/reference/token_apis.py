"""Tasks of SNMS and IDHub, done by the reference client: the APIs whose calls carry a token."""

import base64
import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tests.conformance.conform.reference.web import (
    ATTEMPTS,
    ENDLESS,
    PAUSE_SECONDS,
    WebTask,
    Wrong,
)

from idnode.registry.handle.proofs.private_keys import decode_private_key
from idnode.registry.handle.proofs.signatures import sign

CHINA = timedelta(hours=8)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class TokenTask(WebTask):
    """Calls with a token, which is renewed once when it is refused."""

    def called(self, method, target, body=None):
        """Return the envelope of a call."""
        if self.token is None or self.wrong == "login-each":
            self.login()
        renewals = 0 if self.wrong == "no-renewal" else 1
        if self.wrong == "endless-login":
            renewals = ENDLESS
        while True:
            found = self.envelope(method, target, body)
            if not self.refuses_token(found) or not renewals:
                return found
            renewals -= 1
            self.login()

    def envelope(self, method, target, body):
        headers = {"Authorization": f"Bearer {self.token}"}
        content = None
        if body is not None:
            text = json.dumps(body, ensure_ascii=False)
            content = text.encode("utf-8")
            if self.wrong == "mojibake":
                content = text.encode("utf-8").decode("latin-1").encode("utf-8")
            headers["Content-Type"] = "application/json"
        response = self.once(method, target, content, headers)
        if response.status == 504:
            raise Wrong("unanswered")
        return self.parsed(response)

    def surely(self, write, is_there):
        """Write a handle, and look after an answer that got lost."""
        handle = self.task["handle"]
        for _attempt in range(ATTEMPTS):
            try:
                return write(handle)
            except Wrong as error:
                if error.kind != "unanswered":
                    raise
                if self.wrong == "gateway-timeout-is-ok":
                    return None
                if self.wrong == "renames":
                    handle += "-2"
                elif is_there(handle):
                    return None
        raise Wrong("unanswered")


class SnmsTask(TokenTask):
    def refuses_token(self, found):
        return found.get("status") == -1

    def login(self):
        who = self.task["credentials"]
        attempts = 1 if self.wrong == "no-second-digest" else 2
        for _attempt in range(attempts):
            now = datetime.fromisoformat(self.task["now"]).astimezone(UTC)
            day = now.date() if self.wrong == "utc-date" else (now + CHINA).date()
            path, password = "/identity/token/v1", digest(digest(who["password"]) + day.isoformat())
            if self.wrong == "plain-password":
                path, password = "/identity/token", who["password"]
            body = json.dumps({"username": who["username"], "password": password})
            headers = {"Content-Type": "application/json"}
            found = self.parsed(self.once("POST", path, body.encode(), headers))
            if found.get("status") == 1:
                self.token = found["data"]["token"]
                return
        raise Wrong("authentication", str(found.get("message")))

    def good(self, method, target, body=None):
        """Return the data of a call that succeeded."""
        attempts = ENDLESS if self.wrong == "endless-busy" else ATTEMPTS
        for _attempt in range(1 if self.wrong == "no-busy-retry" else attempts):
            found = self.called(method, target, body)
            busy = "系统繁忙" in str(found.get("message"))
            if not busy:
                break
            time.sleep(PAUSE_SECONDS)
        if found.get("status") != 1 and (self.wrong != "status-ignored" or method == "GET"):
            message = str(found.get("message"))
            raise Wrong("exists" if "已存在" in message else "refused", message)
        return found.get("data")

    def detail(self, handle):
        query = urlencode({"handle": handle})
        try:
            found = self.good("GET", f"/identityv2/data/detail?{query}")
        except Wrong as error:
            if (
                self.wrong == "not-found-is-empty"
                and error.kind == "refused"
                and self.task["operation"] == "resolve"
                and "标识" in str(error)
            ):
                return []
            raise
        values = found["value"][:1] if self.wrong == "first-value-only" else found["value"]
        return [
            {"index": each["index"], "type": each["type"], "data": each["data"]["value"]}
            for each in values
        ]

    def resolve(self):
        return {"values": self.detail(self.task["handle"])}

    def resolve_each(self):
        return {"records": [self.detail(handle) for handle in self.task["handles"]]}

    def identifier(self, handle, values):
        return {
            "handle": handle,
            "templateVersion": self.task["template"],
            "value": [
                {
                    "auth": "",
                    "index": each["index"],
                    "type": each["type"],
                    "data": {"format": "string", "value": each["data"]},
                }
                for each in values
            ],
        }

    def create(self):
        def write(handle):
            body = self.identifier(handle, self.task["values"])
            if self.wrong == "wrong-member":
                body["value"] = "none"
            self.good("POST", "/identityv2/data", body)

        def is_there(handle):
            try:
                self.detail(handle)
            except Wrong:
                return False
            return True

        self.surely(write, is_there)
        return {}

    def delete(self):
        if self.wrong == "says-done":
            self.detail(self.task["handle"])
        else:
            self.good("DELETE", "/identityv2/data", {"handle": self.task["handle"]})
        return {}

    def batch(self):
        asked = [self.identifier(each["handle"], each["values"]) for each in self.task["items"]]
        found = self.good("POST", "/identityv2/data/batchCreate", asked)
        if len(found) != len(asked) and self.wrong != "items-uncounted":
            raise Wrong("malformed", "outcomes are missing")
        outcomes = {each["handle"]: each["msg"] == "success" for each in found}
        return {
            "items": [
                {
                    "handle": each["handle"],
                    "ok": self.wrong == "items-all-ok" or outcomes.get(each["handle"], True),
                }
                for each in asked
            ]
        }


class IdhubTask(TokenTask):
    def refuses_token(self, found):
        return found.get("code") == 101

    def login(self):
        who = self.task["credentials"]
        query = urlencode({"handle": who["application"]})
        found = self.parsed(self.once("GET", f"/api/v1/doip/public/challenge?{query}"))
        nonce = found["data"]
        signed = json.dumps(nonce) if self.wrong == "signs-quotes" else nonce
        key = decode_private_key(who["private_key"].encode())
        signature = base64.b64encode(sign(key, "SHA256", signed.encode())).decode()
        body = json.dumps({"handle": who["application"], "signature": signature})
        headers = {"Content-Type": "application/json"}
        path = "/api/v1/doip/public/verify-response"
        found = self.parsed(self.once("POST", path, body.encode(), headers))
        if found.get("code") != 1:
            raise Wrong("authentication", str(found.get("message")))
        self.token = found["data"]["token"]

    def good(self, method, target, body=None):
        found = self.called(method, target, body)
        success = {1} if self.wrong == "one-success" else {1, 10_000}
        code = found.get("code")
        if code not in success and not (self.wrong == "code-ignored" and code != 101):
            missing = code in {104, 604}
            raise Wrong("not_found" if missing else "refused", str(found.get("message")))
        return found.get("data") or {"values": []}

    def operated(self, handle, operation, body=None):
        query = urlencode({"targetId": handle, "operationId": operation})
        method = "GET" if body is None else "POST"
        return self.good(method, f"/api/v1/doip?{query}", body)

    def written(self, handle, operation, values):
        content = {each["type"]: each["data"] for each in values}
        body = {"type": self.task["template"], "attributes": {"content": content}}
        if self.wrong == "wrong-member":
            body["attributes"] = "none"
        return self.operated(handle, operation, body)

    def retrieved(self, handle):
        found = self.operated(handle, "0.DOIP/Op.Retrieve")["values"]
        values = found[:1] if self.wrong == "first-value-only" else found
        index = {each["type"]: each["index"] for each in self.task.get("values", ())}
        return [
            {"index": index.get(each["type"], 0), "type": each["type"], "data": each["value"]}
            for each in values
        ]

    def resolve(self):
        return {"values": self.retrieved(self.task["handle"])}

    def create_each(self):
        for handle in self.task["handles"]:
            self.task["handle"] = handle
            self.create()
        return {}

    def create(self):
        def is_there(handle):
            try:
                self.retrieved(handle)
            except Wrong:
                return False
            return True

        self.surely(
            lambda handle: self.written(handle, "0.DOIP/Op.Create", self.task["values"]), is_there
        )
        return {}

    def create_and_resolve(self):
        self.create()
        return self.resolve()

    def create_and_modify(self):
        self.create()
        operation = "0.DOIP.EXTEND/Op.Update.Non.Overlay"
        if self.wrong == "updates-whole":
            operation = "0.DOIP/Op.Update"
        self.written(self.task["handle"], operation, self.task["items"][0]["values"])
        return {}

    def publish(self):
        path = "/api/v1/open/meta/publish-or-withdraw"
        first = self.task["handles"][0]
        self.good("PUT", path, {"metaHandleList": [first], "opType": "withdraw"})
        asked = {"metaHandleList": self.task["handles"], "opType": "publish"}
        found = self.good("PUT", path, asked)
        failed = {each["metaHandle"] for each in found if each["state"] != "success"}
        if self.wrong == "items-all-ok":
            failed = set()
        return {
            "items": [{"handle": each, "ok": each not in failed} for each in self.task["handles"]]
        }
