"""The plugin protocol without any library: JSON-RPC 2.0, one message a line, on stdin and stdout.

One thread does everything. While a query waits for what it asked, whatever else arrives is served in between, so
neither side ever waits for the other.
"""

import json
import os
import sys


class Refusal(Exception):
    """What a query answers instead of a value."""

    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.error = {"code": code, "message": message}
        if data is not None:
            self.error["data"] = data


def abstain(reason):
    """The query cannot judge: a fact, which is remembered."""
    return Refusal(-32020, reason, {"kind": "abstain"})


class Wire:
    """The connection to the host."""

    def __init__(self, methods):
        self.methods = methods
        self.answers = {}
        self.last_id = 0
        # From here on, what anything prints goes to stderr: stdout is the protocol's.
        self.source = os.fdopen(os.dup(0), "rb")
        self.sink = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def serve(self):
        """Serves the host until it closes the connection."""
        while self._step():
            pass

    def ask(self, parent, method, **params):
        """Asks the host something on behalf of its request `parent`."""
        self.last_id += 1
        mine = self.last_id
        params["_meta"] = {"parent": parent}
        self._send({"id": mine, "method": method, "params": params})
        while mine not in self.answers:
            if not self._step():
                raise SystemExit(0)
        answer = self.answers.pop(mine)
        if "error" in answer:
            error = answer["error"]
            raise Refusal(-32011, error["message"], error.get("data"))
        return answer["result"]

    def _step(self):
        line = self.source.readline()
        if not line:
            return False
        message = json.loads(line)
        if "method" not in message:
            self.answers[message["id"]] = message
        elif "id" in message:
            self._send({"id": message["id"], **self._outcome(message)})
        return True

    def _outcome(self, message):
        method = self.methods.get(message["method"])
        if method is None:
            return {"error": {"code": -32601, "message": "there is no method " + message["method"]}}
        try:
            return {"result": method(self, message["id"], message.get("params", {}))}
        except Refusal as refusal:
            return {"error": refusal.error}

    def _send(self, message):
        text = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, separators=(",", ":"))
        self.sink.write(text.encode() + b"\n")
        self.sink.flush()
