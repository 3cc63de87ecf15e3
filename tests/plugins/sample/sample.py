"""A plugin in Python without any library: how long the subject of the tip's author name is, told the long way round.

It shows the whole of what a plugin must do: read a line, answer a line, and, while it answers a query, ask one itself.
"""
import json
import sys

TARGET = {
    "type": "object",
    "properties": {
        "commit": {"type": "string"},
        "tree": {"type": "string"},
        "shallow": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["commit", "tree", "shallow"],
}
DESCRIPTION = {
    "queries": [
        {
            "name": "letters",
            "doc": "Letters in the name of the tip's author.",
            "key": TARGET,
            "output": {"type": "integer"},
            "default": True,
            "uses": ["git/commit"],
        }
    ],
    "configSchema": {
        "type": "object",
        "properties": {"limit": {"type": "integer", "default": 40}},
        "additionalProperties": False,
    },
    "permissions": {},
}

config = {"limit": 40}
asked = 0


def send(message):
    sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def ask(parent, query, key):
    """Asks the host a query and waits for its answer."""
    global asked
    asked += 1
    params = {"plugin": "git", "query": query, "key": key, "_meta": {"parent": parent}}
    send({"jsonrpc": "2.0", "id": asked, "method": "engine/query", "params": params})
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("id") == asked and "method" not in message:
            return message
        serve(message)
    sys.exit(0)


def letters(request, key):
    answer = ask(request, "commit", {"commit": key["commit"]})
    if "error" in answer:
        return {"error": answer["error"]}
    name = answer["result"]["value"]["author"]["name"]
    count = len(name.replace(" ", ""))
    concerns = []
    if count > config["limit"]:
        concerns = [{"message": "a long name", "location": {"commit": key["commit"]}}]
    return {"result": {"value": count, "concerns": concerns}}


def serve(message):
    global config
    method, request, params = message.get("method"), message.get("id"), message.get("params") or {}
    if request is None:
        return
    if method == "initialize":
        plugin = {"publisher": "acme", "name": "sample", "version": "1.0.0"}
        capabilities = {"concurrent": False, "maxConcurrent": 1, "deterministic": True}
        outcome = {"result": {"protocol": 1, "plugin": plugin, "capabilities": capabilities}}
    elif method == "plugin/describe":
        outcome = {"result": DESCRIPTION}
    elif method == "plugin/configure":
        config = {"limit": 40, **params["config"]}
        result = {"effectiveConfig": config, "uses": ["git/commit"], "warnings": []}
        result["defaultPolicy"] = "value <= %d" % config["limit"]
        outcome = {"result": result}
    elif method == "plugin/query":
        outcome = letters(request, params["key"])
    elif method in ("plugin/ping", "shutdown"):
        outcome = {"result": {}}
    else:
        outcome = {"error": {"code": -32601, "message": "no such method: %s" % method}}
    send({"jsonrpc": "2.0", "id": request, **outcome})


for line in sys.stdin:
    serve(json.loads(line))
