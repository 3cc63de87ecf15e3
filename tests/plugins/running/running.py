"""A plugin that starts the programs that its configuration names, and tells what came of it."""
import hashlib
import json
import os
import subprocess
import sys

DESCRIPTION = {
    "queries": [{"name": "ran", "doc": "What came of each program.", "key": True, "output": True, "default": True}],
    "configSchema": {"type": "object"},
}

config = {}
session = {}


def send(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def one(command):
    """A program by its granted name or its path; DIR stands for the git directory."""
    program, *arguments = [part.replace("DIR", session.get("gitDir", "")) for part in command]
    program = session.get("exec", {}).get(program, program)
    try:
        done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True)
    except OSError as error:
        return {"error": error.errno}
    output = {"size": len(done.stdout), "sha256": hashlib.sha256(done.stdout).hexdigest()}
    return {"status": done.returncode, "output": output, "errors": done.stderr.decode("utf-8", "replace")}


def shown(name):
    """A text of the git directory, or nothing if it is not there."""
    try:
        with open(os.path.join(session["gitDir"], name)) as file:
            return file.read()
    except FileNotFoundError:
        return None


def ran():
    names = ["HEAD", "config", "objects/info/alternates", "shallow"]
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "TMPDIR")}
    return {
        "runs": [one(command) for command in json.loads(config["commands"])],
        "granted": session.get("exec", {}),
        "directory": {name: shown(name) for name in names},
        "entries": sorted(os.listdir(session["gitDir"])),
        "environment": environment,
    }


def pieces(text):
    """A text as nested lists that a report shows whole: of up to ten elements, with strings of up to 200 characters."""
    parts = [text[at:at + 200] for at in range(0, len(text), 200)]
    while len(parts) > 10:
        parts = [parts[at:at + 10] for at in range(0, len(parts), 10)]
    return parts


for line in sys.stdin:
    message = json.loads(line)
    method, request, params = message.get("method"), message.get("id"), message.get("params") or {}
    if request is None:
        continue
    outcome = {"result": {}}
    if method == "initialize":
        session = params["session"]
        plugin = {"publisher": "acme", "name": "running", "version": "1.0.0"}
        capabilities = {"concurrent": False, "maxConcurrent": 1, "deterministic": True}
        outcome = {"result": {"protocol": 1, "plugin": plugin, "capabilities": capabilities}}
    elif method == "plugin/describe":
        outcome = {"result": DESCRIPTION}
    elif method == "plugin/configure":
        config = params["config"]
        outcome = {"result": {"effectiveConfig": config, "uses": [], "warnings": []}}
    elif method == "plugin/query":
        outcome = {"result": {"value": pieces(json.dumps(ran())), "concerns": []}}
    send({"jsonrpc": "2.0", "id": request, **outcome})
