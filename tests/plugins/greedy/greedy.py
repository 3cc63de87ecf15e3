"""A plugin that does with the machine what its configuration says."""
import json
import os
import resource
import sys
import threading
import time

DESCRIPTION = {
    "queries": [{"name": "done", "doc": "What came of it.", "key": True, "output": True, "default": True}],
    "configSchema": {"type": "object"},
    "permissions": {"inputs": []},
}

MIB = 1 << 20


def spin(_):
    while True:
        pass


def wait(_):
    time.sleep(3600)


def eat(mib):
    return len(bytes(mib * MIB)) // MIB


def limits(_):
    names = {"memory": "RLIMIT_DATA", "files": "RLIMIT_NOFILE", "size": "RLIMIT_FSIZE"}
    return {name: resource.getrlimit(getattr(resource, limit))[0] for name, limit in names.items()}


def fill(mib):
    for number in range(mib):
        with open(f"piece{number}", "wb") as piece:
            piece.write(b"x" * MIB)
    wait(None)


def note(_):
    before = open("note").read() if os.path.exists("note") else ""
    with open("note", "w") as file:
        file.write(before + ".")
    if not os.path.lexists("link"):
        os.symlink("/etc/passwd", "link")
    return [len(before), sorted(os.listdir("."))]


def read(_):
    return open(os.path.join(readable["$REPO"], "file")).read()


def threads(count):
    for _ in range(count):
        threading.Thread(target=wait, args=[None], daemon=True).start()
    wait(None)


config = {}
readable = {}

for line in sys.stdin:
    message = json.loads(line)
    method, request, params = message.get("method"), message.get("id"), message.get("params") or {}
    if request is None:
        continue
    outcome = {"result": {}}
    if method == "initialize":
        readable = params["session"].get("read", {})
        plugin = {"publisher": "acme", "name": "greedy", "version": "1.0.0"}
        capabilities = {"concurrent": False, "maxConcurrent": 1, "deterministic": True}
        outcome = {"result": {"protocol": 1, "plugin": plugin, "capabilities": capabilities}}
    elif method == "plugin/describe":
        outcome = {"result": DESCRIPTION}
    elif method == "plugin/configure":
        config = params["config"]
        outcome = {"result": {"effectiveConfig": config, "uses": [], "warnings": []}}
    elif method == "plugin/query":
        value = globals()[config["do"]](config.get("much"))
        outcome = {"result": {"value": value, "concerns": []}}
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request, **outcome}) + "\n")
    sys.stdout.flush()
