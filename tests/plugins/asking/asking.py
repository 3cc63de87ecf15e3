"""A plugin that asks for what lies outside the target, whichever its configuration names: a variable, a file, a path to read."""
import json
import sys

DESCRIPTION = {
    "queries": [{"name": "seen", "doc": "What it is shown.", "key": True, "output": True, "default": True}],
    "configSchema": {"type": "object"},
    "permissions": {"inputs": ["env", "file", "http", "time"]},
}

config = {}
readable = {}
asked = 0


def send(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def ask(parent, kind, id):
    global asked
    asked += 1
    params = {"kind": kind, "id": id, "_meta": {"parent": parent}}
    send({"jsonrpc": "2.0", "id": asked, "method": "engine/input", "params": params})
    return json.loads(sys.stdin.readline())


def seen(request):
    values = {}
    for kind, id in config.get("ask", {}).items():
        answer = ask(request, kind, id)
        if "error" in answer:
            return {"error": answer["error"]}
        values[kind] = answer["result"]["value"]
    if "read" in config:
        with open(readable.get(config["read"], "/nowhere")) as file:
            values["read"] = file.read()
    return {"result": {"value": values, "concerns": [], **({"ttl": config["ttl"]} if "ttl" in config else {})}}


for line in sys.stdin:
    message = json.loads(line)
    method, request, params = message.get("method"), message.get("id"), message.get("params") or {}
    if request is None:
        continue
    outcome = {"result": {}}
    if method == "initialize":
        readable = params["session"].get("read", {})
        plugin = {"publisher": "acme", "name": "asking", "version": "1.0.0"}
        capabilities = {"concurrent": False, "maxConcurrent": 1, "deterministic": True}
        outcome = {"result": {"protocol": 1, "plugin": plugin, "capabilities": capabilities}}
    elif method == "plugin/describe":
        outcome = {"result": DESCRIPTION}
    elif method == "plugin/configure":
        config = params["config"]
        outcome = {"result": {"effectiveConfig": config, "uses": [], "warnings": []}}
    elif method == "plugin/query":
        outcome = seen(request)
    send({"jsonrpc": "2.0", "id": request, **outcome})
