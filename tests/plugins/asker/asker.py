"""A plugin that asks: many keys at once, another plugin that asks back, and that dies a number of times first.

The capitals below are what a test changes in its copy.
"""
import json
import os
import sys

NAME = "asker"
# Whom the query `root` asks, as plugin and query.
ASKS = ("acme/tools/asker", "item")
# For so many numbers, all at once; or, if there are none, for its own key.
COUNT = 0
# In a batch.
BATCH = False
# So often it dies before it answers `root`.
DEATHS = 0

DESCRIPTION = {
    "queries": [
        {
            "name": "root",
            "doc": "The sum of what others answer.",
            "key": {"type": "object"},
            "output": {"type": "integer"},
            "default": True,
            "uses": ["/".join(ASKS)],
        },
        {"name": "item", "doc": "The number itself.", "key": {"type": "object"}, "output": {"type": "integer"}},
    ],
    "configSchema": {"type": "object", "additionalProperties": False},
    "permissions": {},
}

asked = 0


def send(message):
    sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def ask(parent, method, **params):
    """Asks the host and waits for its answer, serving what is asked meanwhile."""
    global asked
    asked += 1
    number = asked
    send({"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, "_meta": {"parent": parent}}})
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("id") == number and "method" not in message:
            return message
        serve(message)
    sys.exit(0)


def root(request, params):
    if params.get("attempt", 0) < DEATHS:
        os.abort()
    plugin, query = ASKS
    keys = [{"n": n} for n in range(COUNT)] or [params["key"]]
    if not BATCH:
        answer = ask(request, "engine/query", plugin=plugin, query=query, key=keys[0])
        return {"error": answer["error"]} if "error" in answer else {"result": answer["result"]}
    answer = ask(request, "engine/queryMany", plugin=plugin, query=query, keys=keys)
    if "error" in answer:
        return {"error": answer["error"]}
    values = [item.get("value") for item in answer["result"]["results"]]
    if COUNT and values != list(range(COUNT)):
        return {"error": {"code": -32020, "message": "the answers are not in the order of the keys"}}
    return {"result": {"value": sum(value or 0 for value in values), "concerns": []}}


def serve(message):
    method, request, params = message.get("method"), message.get("id"), message.get("params") or {}
    if request is None:
        return
    if method == "initialize":
        plugin = {"publisher": "acme", "name": NAME, "version": "1.0.0"}
        capabilities = {"concurrent": False, "maxConcurrent": 1, "deterministic": True}
        outcome = {"result": {"protocol": 1, "plugin": plugin, "capabilities": capabilities}}
    elif method == "plugin/describe":
        outcome = {"result": DESCRIPTION}
    elif method == "plugin/configure":
        outcome = {"result": {"effectiveConfig": {}, "uses": ["/".join(ASKS)], "warnings": []}}
    elif method == "plugin/query" and params["query"] == "item":
        outcome = {"result": {"value": params["key"]["n"], "concerns": []}}
    elif method == "plugin/query":
        outcome = root(request, params)
    elif method in ("plugin/ping", "shutdown"):
        outcome = {"result": {}}
    else:
        outcome = {"error": {"code": -32601, "message": "no such method: %s" % method}}
    send({"jsonrpc": "2.0", "id": request, **outcome})


for line in sys.stdin:
    serve(json.loads(line))
