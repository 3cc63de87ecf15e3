"""The program of which the tests have one in each language: see `compatibility.rs`."""
import errno
import mmap
import os
import signal
import sys
import threading
import time


def hashed(data, value=2166136261):
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def files():
    os.mkdir("d")
    for name, text in (("b", "one"), ("a", "three")):
        with open("d/" + name, "w") as file:
            file.write(text)
    os.rename("d/a", "d/c")
    with open("d/c", "a") as file:
        file.write("!")
    found = " ".join(f"{name} {os.stat('d/' + name).st_size}," for name in sorted(os.listdir("d")))
    with open("d/c") as file:
        print("files:", found, file.read())
    os.unlink("d/b"), os.unlink("d/c"), os.rmdir("d")
    try:
        open("d/b")
    except OSError as error:
        print("missing:", errno.errorcode[error.errno])


def granted(path):
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as data:
        print("granted:", data[:].decode(), "%08x" % hashed(data[:]))


def threads():
    total, lock = 0, threading.Lock()

    def add(first):
        nonlocal total
        for i in range(first, 1000, 8):
            with lock:
                total += i * i

    every = [threading.Thread(target=add, args=(first,)) for first in range(8)]
    [thread.start() for thread in every]
    [thread.join() for thread in every]
    print("threads:", total)


def memory():
    blocks = {i: bytearray([i]) * (i * 1009) for i in range(1, 201)}
    for i in range(3, 201, 3):
        del blocks[i]
    kept = 0
    for i, block in blocks.items():
        block.extend(bytes(i * 1009))
        assert block[0] == i and block[i * 1009 - 1] == i
        kept += len(block)
    large = bytearray(64 << 20)
    for i in range(0, len(large), 4096):
        large[i] += 1
        kept += large[i]
    print("memory:", kept)


def pipes():
    end, other = os.pipe()

    def write():
        with open(other, "wb") as file:
            for at in range(0, 1 << 20, 4096):
                file.write(bytes((at + i) * 7 & 255 for i in range(4096)))

    writer = threading.Thread(target=write)
    writer.start()
    value, total = 2166136261, 0
    while data := os.read(end, 1000):
        value, total = hashed(data, value), total + len(data)
    writer.join()
    print("pipe:", total, "%08x" % value)


def signals():
    heard = []
    signal.signal(signal.SIGUSR2, lambda number, frame: heard.append(number))
    signal.raise_signal(signal.SIGUSR2)
    os.kill(os.getpid(), signal.SIGUSR2)
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)
    print("signals:", len(heard))


def numbers():
    following, every = 1, []
    for _ in range(1000):
        following = (following * 1664525 + 1013904223) & 0xFFFFFFFF
        every.append(following)
    every.sort()
    print("numbers:", every[0], every[500], every[999], "%.20f %.3f" % (0.1, -2.0 / 3))


def clocks():
    before = time.monotonic()
    time.sleep(0.001)
    print("clock:", "later" if time.monotonic() - before >= 0.001 else "early")


files()
granted(sys.argv[1])
threads()
memory()
pipes()
signals()
numbers()
clocks()
for number, line in enumerate(sys.stdin, 1):
    print(f"{number}: {line}", end="")
