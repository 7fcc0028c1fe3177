#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Waits for processes that need not be children, through liburt and ctypes.

    wait.py PID...

prints how each has ended and what CPU time it used. Exit status: 0, or 1 with a
message.
"""
import ctypes
import os
import sys

lib = ctypes.CDLL("liburt.so.1", use_errno=True)


class Record(ctypes.Structure):
    """struct urt_record of liburt.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("count", ctypes.c_uint64),
        ("utime_ns", ctypes.c_uint64),
        ("stime_ns", ctypes.c_uint64),
        ("pid", ctypes.c_int32),
        ("ppid", ctypes.c_int32),
        ("uid", ctypes.c_uint32),
        ("status", ctypes.c_int),
        ("start_ns", ctypes.c_uint64),
        ("runtime_ns", ctypes.c_uint64),
        ("comm", ctypes.c_char * 64),
    ]


lib.urt_open.restype = ctypes.c_void_p
lib.urt_add.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int]
lib.urt_next.argtypes = [ctypes.c_void_p, ctypes.POINTER(Record), ctypes.c_int]
lib.urt_close.argtypes = [ctypes.c_void_p]
lib.urt_strerror.restype = ctypes.c_char_p


def check(ok, what):
    if not ok:
        text = lib.urt_strerror(ctypes.get_errno()).decode()
        sys.exit(f"wait.py: {what}: {text}")


def ending(status):
    if status == -1:
        return "hidden"
    code = os.waitstatus_to_exitcode(status)
    return f"exit {code}" if code >= 0 else f"signal {-code}"


def main(pids):
    session = lib.urt_open()
    check(session, "cannot open a session")
    for pid in pids:
        check(lib.urt_add(session, int(pid), 0) == 0, pid)
    record = Record()
    while True:
        ret = lib.urt_next(session, ctypes.byref(record), -1)
        if ret == 0:
            break
        check(ret == 1, "cannot read what has ended")
        cpu = (record.utime_ns + record.stime_ns) / 1e9
        print(f"{record.pid} {record.comm.decode(errors='replace')}: "
              f"{ending(record.status)}, {cpu:.3f} s", flush=True)
    lib.urt_close(session)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("Usage: wait.py PID...")
    main(sys.argv[1:])
