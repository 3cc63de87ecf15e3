"""A plugin that does wrong in the way that its configuration names. Run by tests only, confined like any other."""
import fcntl
import json
import os
import socket
import sys
import time

deed = "none"
DESCRIPTION = {
    "queries": [
        {"name": "deed", "doc": "Does \u009b31mwrong\u202e.", "key": {"type": "object"}, "output": {"type": "integer"}, "default": True, "uses": []}
    ],
    "configSchema": {"type": "object", "properties": {"deed": {"type": "string"}}, "additionalProperties": False},
    "permissions": {},
}


def send(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def attempt(what, path):
    """Does something to a path. 7 if that worked, else the error's number, negative."""
    try:
        if what == "read":
            with open(path, "rb") as file:
                file.read(1)
        elif what == "write":
            with open(path, "ab") as file:
                file.write(b"\n")
        elif what == "create":
            with open(os.path.join(path, "planted"), "x"):
                pass
        elif what == "lock":
            with open(path, "rb") as file:
                fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        elif what == "list":
            os.listdir(path)
        elif what == "remove":
            os.remove(path)
        return 7
    except OSError as error:
        return -error.errno


def do(request):
    if deed == "crash":
        sys.stderr.write(f"process {os.getpid()} is about to abort, \x1b[31mreading pack 0xdead\n")
        sys.stderr.flush()
        os.abort()
    if deed == "exit":
        sys.stdout.write('{"jsonrpc":"2.0","id":')
        sys.stdout.flush()
        os._exit(3)
    if deed == "hang":
        while True:
            time.sleep(3600)
    if deed == "flood":
        while True:
            sys.stdout.write("x" * 65536)
    if deed == "garbage":
        print("hello, I am a debugging line")
        return
    if deed == "schema":
        send({"jsonrpc": "2.0", "id": request, "result": {"value": "seven", "concerns": []}})
        return
    if deed == "read":
        try:
            value = len(open("/etc/passwd").read())
        except OSError as error:
            value = -error.errno
        send({"jsonrpc": "2.0", "id": request, "result": {"value": value, "concerns": []}})
        return
    if deed == "network":
        try:
            socket.socket()
            value = 7
        except OSError as error:
            value = -error.errno
        send({"jsonrpc": "2.0", "id": request, "result": {"value": value, "concerns": []}})
        return
    if ":" in deed:
        value = attempt(*deed.split(":", 1))
        send({"jsonrpc": "2.0", "id": request, "result": {"value": value, "concerns": []}})
        return
    if deed == "escape":
        concern = {"message": "\x1b[2J\x1b[1;1Hall is well\u202e"}
        send({"jsonrpc": "2.0", "id": request, "result": {"value": 7, "concerns": [concern]}})
        return
    send({"jsonrpc": "2.0", "id": request, "result": {"value": 7, "concerns": []}})


if len(sys.argv) > 1:
    # Without a host, and without a sandbox: to see that what is tried works at all.
    print(attempt(*sys.argv[1].split(":", 1)))
    sys.exit()

for line in sys.stdin:
    message = json.loads(line)
    method, request, params = message.get("method"), message.get("id"), message.get("params") or {}
    if request is None:
        continue
    if method == "initialize":
        plugin = {"publisher": "acme", "name": "hostile", "version": "1.0.0"}
        capabilities = {"concurrent": False, "maxConcurrent": 1, "deterministic": True}
        send({"jsonrpc": "2.0", "id": request, "result": {"protocol": 1, "plugin": plugin, "capabilities": capabilities}})
    elif method == "plugin/describe":
        send({"jsonrpc": "2.0", "id": request, "result": DESCRIPTION})
    elif method == "plugin/configure":
        deed = params["config"].get("deed", "none")
        send({"jsonrpc": "2.0", "id": request, "result": {"effectiveConfig": {"deed": deed}, "uses": [], "warnings": []}})
    elif method == "plugin/query":
        do(request)
    else:
        send({"jsonrpc": "2.0", "id": request, "result": {}})
