"""What a disk keeps, tried with few calls of a made-up program."""

import os
import random
import tempfile

from durability.disk import LOST, WRITTEN, Disk
from durability.trace import Call

DATA = "/d/data"
FILE = f"{DATA}/a"


def call(text, result=0):
    return Call(1, 0.0, f"{text} = {result}")


def write(octets, offset, path=FILE):
    return call(f'pwrite64(3<{path}>, "{octets}", {len(octets)}, {offset})', len(octets))


def create(path):
    return call(f'openat(AT_FDCWD</d>, "{path}", O_RDWR|O_CREAT, 0644)', f"3<{path}>")


def sync(path, result=0):
    return call(f"fdatasync(3<{path}>)", result)


FAILED = "-1 EIO (Input/output error) (INJECTED)"
MADE = [call(f'mkdir("{DATA}", 0750)'), create(FILE), sync(DATA)]

# What happens: (sentence, calls, what is there if all else is lost, and if all is written).
CASES = [
    ("a file without a sync of its directory has no name",
     [MADE[0], create(FILE), write("x", 0), sync(FILE)], {}, {"a": "x"}),
    ("octets that are written in order follow one another",
     [*MADE, *(call(f'write(3<{FILE}>, "{octet}", 1)', 1) for octet in "xy"), sync(FILE)],
     {"a": "xy"}, {"a": "xy"}),
    ("octets without a sync are not sure",
     [*MADE, write("x", 0), sync(FILE), write("y", 1)], {"a": "x"}, {"a": "xy"}),
    ("a write that began before a sync and ended after it began is not sure", [
        *MADE,
        Call(1, 0.0, f'pwrite64(3<{FILE}>, "x", 1, 0', ends=False),
        Call(2, 0.0, f"fdatasync(3<{FILE}>", ends=False),
        Call(1, 0.0, f'pwrite64(3<{FILE}>, "x", 1, 0) = 1', begins=False),
        Call(2, 0.0, f"fdatasync(3<{FILE}>) = 0", begins=False),
    ], {"a": ""}, {"a": "x"}),
    ("a sync that did not end promises nothing",
     [*MADE, write("x", 0), Call(1, 0.0, f"fdatasync(3<{FILE}>", ends=False)],
     {"a": ""}, {"a": "x"}),
    ("a sync after one that failed promises nothing of what that one should have written",
     [*MADE, write("x" * 4096, 0), sync(FILE, FAILED), write("y" * 4096, 4096), sync(FILE)],
     {"a": "\0" * 4096 + "y" * 4096}, {"a": "x" * 4096 + "y" * 4096}),
    ("what is written again after a sync that failed is sure",
     [*MADE, write("x", 0), sync(FILE, FAILED), write("y", 0), sync(FILE)],
     {"a": "y"}, {"a": "y"}),
    ("a write that failed changes nothing",
     [*MADE, call(f'pwrite64(3<{FILE}>, "x", 1, 0)', FAILED), sync(FILE)], {"a": ""}, {"a": ""}),
    ("a truncation without a sync is not sure",
     [*MADE, write("xy", 0), sync(FILE), call(f"ftruncate(3<{FILE}>, 1)")],
     {"a": "xy"}, {"a": "x"}),
    ("a new name without a sync of the directory is not sure",
     [*MADE, create(f"{DATA}/b"), write("y", 0, f"{DATA}/b"), sync(f"{DATA}/b"),
      call(f'rename("{DATA}/b", "{FILE}")')], {"a": ""}, {"a": "y"}),
    ("a new name is sure when the directory is synced",
     [*MADE, create(f"{DATA}/b"), write("y", 0, f"{DATA}/b"), sync(f"{DATA}/b"),
      call(f'renameat(9<{DATA}>, "b", 9<{DATA}>, "a")'), sync(DATA)], {"a": "y"}, {"a": "y"}),
    ("a file that is removed may come back",
     [*MADE, call(f'unlink("{FILE}")')], {"a": ""}, {}),
]  # fmt: skip


def broken():
    """Which sentences do not hold."""
    wrong = []
    for sentence, calls, *expected in CASES:
        disk = Disk(DATA)
        for each in calls:
            disk.follow(each)
        found = [rebuilt(disk, mode) for mode in (LOST, WRITTEN)]
        if found != expected:
            wrong.append(f"{sentence}: expected {expected}, found {found}")
    disk, are_sure = Disk(DATA), []
    for each in MADE[0], sync(os.path.dirname(DATA)):
        disk.follow(each)
        are_sure.append(disk.is_own_entry_sure)
    if are_sure != [False, True]:
        wrong.append(f"a directory is sure when the one above is synced: found {are_sure}")
    return wrong


def rebuilt(disk, mode):
    with tempfile.TemporaryDirectory() as directory:
        where = os.path.join(directory, "data")
        disk.rebuild(where, random.Random(1), mode)
        files = {}
        for name in os.listdir(where):
            with open(os.path.join(where, name), encoding="latin-1") as file:
                files[name] = file.read()
        return files
