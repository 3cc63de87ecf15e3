"""How many people have written the history: a plugin in plain Python, its protocol in the module beside it."""

from wire import Refusal, Wire, abstain

OID = {"type": "string"}
TARGET = {
    "type": "object",
    "required": ["commit", "tree", "shallow"],
    "properties": {"commit": OID, "tree": OID, "shallow": {"type": "array", "items": OID}},
}
CONFIG = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"ignore": {"type": "array", "items": {"type": "string"}}},
}

config = {"ignore": []}


def initialize(_wire, _request, _params):
    return {
        "protocol": 1,
        "plugin": {"publisher": "sample", "namespace": "tools", "name": "authors", "version": "0.1.0"},
        "capabilities": {"concurrent": False, "deterministic": True},
    }


def describe(_wire, _request, _params):
    authors = {
        "name": "authors",
        "doc": "The number of different author addresses in the history.",
        "key": TARGET,
        "output": {"type": "integer", "minimum": 0},
        "default": True,
        "uses": ["git/history", "git/part", "git/commits"],
    }
    return {
        "queries": [authors],
        "configSchema": CONFIG,
        "defaultPolicy": "value >= 2",
        "explain": "Counts the addresses as they are written; `ignore` lists those that do not count.",
    }


def configure(_wire, _request, params):
    given = params["config"]
    for place, address in enumerate(given.get("ignore", [])):
        if "@" not in address:
            raise Refusal(-32016, address + " is no address", {"path": f"/ignore/{place}"})
    config.update(given)
    return {"effectiveConfig": config, "uses": [], "defaultPolicy": "value >= 2", "warnings": []}


def each(wire, request, query, keys):
    if not keys:
        return []
    said = wire.ask(request, "engine/queryMany", plugin="git", query=query, keys=keys)
    for result in said["results"]:
        if "error" in result:
            raise Refusal(-32011, result["error"]["message"], result["error"].get("data"))
    return [result["value"] for result in said["results"]]


def authors(wire, request, target):
    key = {"commit": target["commit"], "shallow": target["shallow"]}
    history = wire.ask(request, "engine/query", plugin="git", query="history", key=key)["value"]
    if history["truncated"]:
        raise abstain("the history is cut off, so not all of its authors can be known")
    segments = []
    for part in each(wire, request, "part", history["parts"]):
        segments.extend(part["segments"])
    segments.extend(history["segments"])
    people = set()
    for said in each(wire, request, "commits", segments):
        people.update(commit["author"]["email"] for commit in said["commits"])
    return {"value": len(people - set(config["ignore"])), "concerns": []}


QUERIES = {"authors": authors}


def query(wire, request, params):
    asked = QUERIES.get(params["query"])
    if asked is None:
        raise Refusal(-32014, "there is no query " + params["query"])
    print("asked for", params["query"])
    return asked(wire, request, params["key"])


def nothing(_wire, _request, _params):
    return {}


METHODS = {
    "initialize": initialize,
    "plugin/describe": describe,
    "plugin/configure": configure,
    "plugin/query": query,
    "plugin/ping": nothing,
    "shutdown": nothing,
}

if __name__ == "__main__":
    Wire(METHODS).serve()
