"""A plugin that never answers for as long as its repository is at a commit whose tree is the one in its configuration, and
ignores it when it is told that nobody wants the answer any more. Run by tests only, confined like any other."""
import json
import sys

hang = ""
DESCRIPTION = {
    "queries": [
        {"name": "slow", "doc": "Takes for ever.", "key": {"type": "object"}, "output": {"type": "integer"}, "default": True, "uses": []}
    ],
    "configSchema": {"type": "object", "properties": {"hang": {"type": "string"}}, "additionalProperties": False},
    "permissions": {},
}


def send(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def log(text):
    send({"jsonrpc": "2.0", "method": "log", "params": {"level": "warn", "message": text}})


for line in sys.stdin:
    message = json.loads(line)
    method, request, params = message.get("method"), message.get("id"), message.get("params") or {}
    if request is None:
        if method == "$/cancelRequest":
            log("told to let go, and does not")
        continue
    if method == "initialize":
        plugin = {"publisher": "acme", "name": "slow", "version": "1.0.0"}
        capabilities = {"concurrent": False, "maxConcurrent": 1, "deterministic": True}
        send({"jsonrpc": "2.0", "id": request, "result": {"protocol": 1, "plugin": plugin, "capabilities": capabilities}})
    elif method == "plugin/describe":
        send({"jsonrpc": "2.0", "id": request, "result": DESCRIPTION})
    elif method == "plugin/configure":
        hang = params["config"].get("hang", "")
        send({"jsonrpc": "2.0", "id": request, "result": {"effectiveConfig": {"hang": hang}, "uses": [], "warnings": []}})
    elif method == "plugin/query":
        if params["key"]["tree"] == hang:
            log("begins what takes for ever")
        else:
            send({"jsonrpc": "2.0", "id": request, "result": {"value": 7, "concerns": []}})
    else:
        send({"jsonrpc": "2.0", "id": request, "result": {}})
