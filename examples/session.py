#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a command and all that it starts use: plain reads and a map.

    session.py COMMAND [ARGUMENT...]

prints a line of JSON a second for what is alive, from the mapped session, and
one for each process that has ended, from its record. Only the standard library
is needed. Exit status: the command's.
"""
import ctypes
import json
import mmap
import os
import select
import struct
import subprocess
import sys

# Structures of urt.h. Readers use the offsets and sizes that the map gives.
HEAD = struct.Struct("=8I")
SNAPSHOT = struct.Struct("=QQII")
PROCESS = struct.Struct("=QQQ6I16s")
CAPACITY = 100
LENGTH = 64 + 2 * (64 + CAPACITY * PROCESS.size)


# mmap.mmap() refuses a file of size 0, as files in /proc are.
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                      ctypes.c_int, ctypes.c_int, ctypes.c_long]


def map_file(fd):
    address = libc.mmap(None, LENGTH, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    if address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return (ctypes.c_char * LENGTH).from_address(address)


class Session:
    """A registry of our own; it ends when it is closed."""

    def __init__(self):
        self.file = open("/proc/urt/session", "r+b", buffering=0)
        self.map = map_file(self.file.fileno())
        version = HEAD.unpack_from(self.map)[0]
        if version != 1:
            raise OSError(f"the map has version {version}, not 1")

    def write(self, word):
        self.file.write(word.encode())

    def records(self):
        """The lines that wait; None at the end."""
        # A page has room for several lines. The kernel gives only whole lines.
        text = self.file.read(4096)
        return [line.split(" ", 9) for line in text.decode(
            errors="backslashreplace").splitlines()] if text else None

    def snapshot(self):
        """(moment, processes) of the latest generation."""
        while True:
            head = HEAD.unpack_from(self.map)
            at = head[4 + head[1] % 2]
            _, time_ns, count, _ = SNAPSHOT.unpack_from(self.map, at)
            processes = [
                PROCESS.unpack_from(self.map, at + head[6] + i * head[7])
                for i in range(min(count, head[3]))]
            # Meanwhile the kernel fills the other snapshot. This one stays for
            # an interval.
            if HEAD.unpack_from(self.map)[1] == head[1]:
                return time_ns, processes


def show_living(session):
    time_ns, processes = session.snapshot()
    print(json.dumps({"time_ns": time_ns, "living": [{
        "pid": p[3], "name": p[9].split(b"\0")[0].decode(errors="replace"),
        "cpu_ns": p[0] + p[1]} for p in processes]}), flush=True)


def show_record(words):
    if words[0] == "exit":
        print(json.dumps({"ended": int(words[1]), "name": words[9],
                          "cpu_ns": int(words[4]) + int(words[5]),
                          "real_ns": int(words[7])}), flush=True)
    elif words[0] in ("lost", "missed"):
        print(json.dumps({words[0]: int(words[1])}), flush=True)


def main(command):
    session = Session()
    session.write("interval 1000\n")
    child = subprocess.Popen(
        command, preexec_fn=lambda: session.write(f"tree {os.getpid()}\n"))
    # The record comes after we have waited for the child, and this says when to
    # wait.
    ended = os.pidfd_open(child.pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(session.file, select.POLLIN | select.POLLPRI)
    while True:
        events = dict(poll.poll())
        if ended in events:
            child.wait()
            poll.unregister(ended)
        event = events.get(session.file.fileno(), 0)
        if event & select.POLLPRI:
            show_living(session)
        if event & (select.POLLIN | select.POLLHUP):
            lines = session.records()
            if lines is None:
                return child.wait()
            for words in lines:
                show_record(words)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("Usage: session.py COMMAND [ARGUMENT...]")
    sys.exit(main(sys.argv[1:]))
