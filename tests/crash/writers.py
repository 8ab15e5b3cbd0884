"""Writers at a served node, one for each way in, which remember what it acknowledged.

A `Ledger` holds, for each handle, the texts that may be found under it (`None`: no record): the last acknowledged one,
and any that was asked for since and never answered.
"""

import contextlib
import threading

from idnode.clients import blocking, bulk, snms_blocking, web_blocking
from idnode.clients import dialogues as talk
from idnode.clients.errors import HandleNotFound, ServerBusy
from idnode.clients.identity import SecretIdentity
from idnode.clients.snms_answers import Attribute, Identifier, Template, TemplateItem
from idnode.clients.snms_requests import Account
from idnode.clients.web_requests import Credential
from idnode.registry.handle.model import HandleValue

ADMIN = SecretIdentity(b"0.NA/88.900", 301, b"idnode-demo")
CREDENTIAL = Credential(301, "0.NA/88.900", "idnode-demo")
PUMP = Template("88.900.1", "pump", (TemplateItem("model", "model", 2000, required=True),))
INDEX = 2000
HANDLES = 120
BATCH = 20
SNMS_CHARACTERS = 200


class Ledger:
    """Remembers what may be found."""

    def __init__(self):
        self.allowed = {}
        self.acknowledged = 0

    def asked(self, handle, text):
        """Take in that a change was asked for."""
        self.allowed[handle] = self.allowed.get(handle, {None}) | {text}

    def done(self, handle, text):
        """Take in that it was acknowledged."""
        self.allowed[handle] = {text}
        self.acknowledged += 1

    def there(self, handle):
        """Return whether a record is certainly there."""
        return None not in self.allowed.get(handle, {None})


def values_of(text):
    return [HandleValue(INDEX, "model", text.encode())]


class _Binary:
    """Proves itself for each request, as clients of the Handle System do."""

    def __init__(self, node):
        self.client = blocking.Client(tuple(node.ready["handle_tcp"]))
        self.administrator = talk.Administrator(ADMIN)

    def put(self, handle, text, *, there):
        self.client.do(talk.create(self.administrator, handle, values_of(text), overwrite=True))

    def delete(self, handle):
        self.client.do(talk.delete(self.administrator, handle))

    def close(self):
        self.client.close()


class _Session(_Binary):
    """Proves itself once, in a session."""

    def __init__(self, node):
        super().__init__(node)
        self.client.do(talk.open_session(self.administrator))


class _Json:
    def __init__(self, node):
        self.client = web_blocking.Client(node.ready["http"], CREDENTIAL)

    def put(self, handle, text, *, there):
        self.client.create(handle, values_of(text), overwrite=True)

    def delete(self, handle):
        self.client.delete(handle)

    def close(self):
        self.client.close()


class _Snms:
    def __init__(self, node):
        self.client = snms_blocking.Client(node.ready["http"], Account("demo", "idnode-demo"))

    def put(self, handle, text, *, there):
        made = Identifier(handle, "pump", (Attribute(INDEX, "model", text),))
        (self.client.update if there else self.client.create)(made)

    def delete(self, handle):
        self.client.delete(handle)

    def close(self):
        self.client.close()


FACES = {"tcp": _Binary, "session": _Session, "json": _Json, "snms": _Snms}


class Writer(threading.Thread):
    """Writes through one face until told to stop, or until the node is gone.

    ``patient``: goes on after the node was busy; what was refused so was not carried out.
    """

    def __init__(self, node, face, ledger, chance, *, patient=False, text_bytes=0):
        super().__init__(daemon=True)
        self.node, self.face, self.ledger, self.chance = node, face, ledger, chance
        self.patient, self.text_bytes = patient, text_bytes
        self.begun, self.enough = threading.Event(), threading.Event()
        self.refused = 0
        self.failure = None

    def run(self):
        """Write."""
        try:
            with contextlib.closing(self._client()) as client:
                for _ in self._batches(client) if self.face == "bulk" else self._singly(client):
                    self.begun.set()
                    if self.enough.is_set():
                        return
        except Exception as error:  # noqa: BLE001  # shown by the test, which asks for it
            self.failure = error

    def _text(self):
        most = SNMS_CHARACTERS if self.face == "snms" else self.text_bytes
        return f"{self.chance.getrandbits(64):x}" + "x" * min(self.text_bytes, most)

    def _handle(self):
        return f"88.900.1/{self.face}.{self.chance.randrange(HANDLES)}"

    def _client(self):
        if self.face == "bulk":
            return web_blocking.Client(self.node.ready["http"], CREDENTIAL)
        return FACES[self.face](self.node)

    def _singly(self, client):
        while True:
            handle, text = self._handle(), self._text()
            there = self.ledger.there(handle)
            if self.face == "snms" and len(self.ledger.allowed.get(handle, ())) > 1:
                continue  # nobody knows whether to create or to update
            if there and self.chance.random() < 0.2:
                text = None
            self.ledger.asked(handle, text)
            before = set(self.ledger.allowed[handle])
            try:
                if text is None:
                    client.delete(handle)
                else:
                    client.put(handle, text, there=there)
            except HandleNotFound:
                assert text is None, handle  # a deletion that was sent twice
            except ServerBusy:
                if not self.patient:
                    raise
                self.refused += 1
                self.ledger.allowed[handle] = before - {text} or {text}
                yield
                continue
            self.ledger.done(handle, text)
            yield

    def _batches(self, client):
        while True:
            texts = {self._handle(): self._text() for _ in range(BATCH)}
            for handle, text in texts.items():
                self.ledger.asked(handle, text)
            items = [bulk.item(handle, values_of(text)) for handle, text in texts.items()]
            try:
                result = client.do(bulk.batch(items, overwrite=True))
            except ServerBusy:
                if not self.patient:
                    raise
                self.refused += 1
                yield
                continue
            assert not result.failures, result.failures
            for handle, text in texts.items():
                self.ledger.done(handle, text)
            yield


def found_by(node, handles):
    """Return what the node has under these handles: texts, or None."""
    client = web_blocking.Client(node.ready["http"], CREDENTIAL)
    found = {}
    for start in range(0, len(handles), 500):
        asked = handles[start : start + 500]
        answers = client.do(bulk.resolution([handle.encode() for handle in asked]))
        for handle, answer in zip(asked, answers, strict=True):
            texts = [value.data for value in answer.values if value.index == INDEX]
            found[handle] = texts[0].decode() if texts else None
    client.close()
    return found


def prepare(node):
    """Make what the SNMS writers need."""
    client = snms_blocking.Client(node.ready["http"], Account("demo", "idnode-demo"))
    client.create_template(PUMP)
    client.close()
