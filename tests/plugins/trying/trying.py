"""A plugin that tries what its configuration names: to read files, to connect, to execute, to be told a variable."""
import errno
import json
import os
import socket
import sys

DESCRIPTION = {
    "queries": [{"name": "tried", "doc": "What came of it.", "key": True, "output": True, "default": True}],
    "configSchema": {"type": "object"},
    "permissions": {"inputs": ["env", "file", "http", "time"]},
}

config = {}
readable = {}
startable = {}
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


def name(error):
    return errno.errorcode.get(error.errno, str(error))


def several(name):
    """A single one comes without a list."""
    named = config.get(name, [])
    return [named] if isinstance(named, str) else named


def tried(request):
    outcomes = {}
    for path in several("read"):
        path = readable.get(path, path)
        try:
            with open(os.path.expanduser(path)) as file:
                outcomes[os.path.basename(path)] = len(file.read()) > 0
        except OSError:
            outcomes[os.path.basename(path)] = False
    for path in several("list"):
        try:
            outcomes[path] = len(os.listdir(path)) > 0
        except OSError:
            outcomes[path] = False
    for path in several("write"):
        try:
            open(path, "w").close()
            outcomes[path] = True
        except OSError:
            outcomes[path] = False
    if config.get("connect"):
        try:
            socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            outcomes["connect"] = name(error)
    if config.get("execute"):
        program = config["execute"]
        granted = startable.get(os.path.basename(program))
        try:
            if granted:
                _, status = os.waitpid(os.posix_spawn(granted, [program], {}), 0)
                outcomes["execute"] = status == 0
            else:
                os.execv(program, [program])
        except OSError:
            outcomes["execute"] = False
    for kind, id in config.get("ask", {}).items():
        outcomes[kind] = "result" in ask(request, kind, id)
    if config.get("fails"):
        return {"error": {"code": -32020, "message": "it gives up", "data": {"kind": "error"}}}
    return {"result": {"value": outcomes, "concerns": []}}


for line in sys.stdin:
    message = json.loads(line)
    method, request, params = message.get("method"), message.get("id"), message.get("params") or {}
    if request is None:
        continue
    outcome = {"result": {}}
    if method == "initialize":
        readable = params["session"].get("read", {})
        startable = params["session"].get("exec", {})
        plugin = {"publisher": "acme", "name": "trying", "version": "1.0.0"}
        capabilities = {"concurrent": False, "maxConcurrent": 1, "deterministic": True}
        outcome = {"result": {"protocol": 1, "plugin": plugin, "capabilities": capabilities}}
    elif method == "plugin/describe":
        outcome = {"result": DESCRIPTION}
    elif method == "plugin/configure":
        config = params["config"]
        outcome = {"result": {"effectiveConfig": config, "uses": [], "warnings": []}}
    elif method == "plugin/query":
        outcome = tried(request)
    send({"jsonrpc": "2.0", "id": request, **outcome})
