"""A network, a /run and a resolv.conf of this process's own, in which any port may be used."""

import ctypes
import os
import subprocess

from drain.network import CLONE_NEWNET

CLONE_NEWNS = 0x00020000
RESOLV_CONF = "/etc/resolv.conf"
NAME_SERVICES = "/etc/nsswitch.conf"
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
# What is on the same link as this machine's own addresses, and what is behind a router, which makes
# a difference when addresses are sorted (RFC 6724 section 6, rule 9). All of it is on loopback.
LINK, BEYOND = "10.77.0.{}", "10.78.0.{}"
LINK_6, BEYOND_6 = "fd00:77::{:x}", "fd00:78::{:x}"
COMMANDS = (
    "ip link set lo up",
    "ip address add 10.77.0.1/24 dev lo",
    "ip address add fd00:77::1/64 dev lo nodad",
    "ip route add local 10.78.0.0/16 dev lo src 10.77.0.1",
    "ip -6 route add local fd00:77::/64 dev lo src fd00:77::1",
    "ip -6 route add local fd00:78::/64 dev lo src fd00:77::1",
    "mount --make-rprivate /",
    # No name service cache, resolver or bus of the machine is reached from here.
    "mount -t tmpfs -o mode=755 tmpfs /run",
)

UPLINK = (
    "ip link add up0 type veth peer name up1",
    "ip link set up0 up",
    "ip link set up1 up",
    "ip address add 192.0.2.1/24 dev up0",
)


def enter():
    """Only root may."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"no namespaces ({os.strerror(error)}): this needs root")
    for command in COMMANDS:
        subprocess.run(command.split(), check=True, env=os.environ | {"PATH": PATH})
    if os.path.exists(NAME_SERVICES):
        put_over(NAME_SERVICES, "hosts: files dns\n")


def use_resolver(path):
    """Everybody here resolves by this resolv.conf from now on."""
    with open(path, encoding="ascii") as file:
        put_over(RESOLV_CONF, file.read())


def cover(path):
    """An empty directory in the place of another."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", path], check=True)


def connect():
    """Another interface than loopback, for who takes a machine without one to be offline."""
    for command in UPLINK:
        subprocess.run(command.split(), check=True, env=os.environ | {"PATH": PATH})


def add_user(name):
    """One that is not there outside."""
    number = 64_000
    for path, line in (
        ("/etc/passwd", f"{name}:x:{number}:{number}::/:/usr/sbin/nologin\n"),
        ("/etc/group", f"{name}:x:{number}:\n"),
    ):
        with open(path, encoding="utf-8") as file:
            put_over(path, file.read() + line)


def put_over(path, text):
    """A file of this text in the place of another, which stays as it is outside."""
    own = os.path.join("/run", os.path.basename(path))
    is_new = not os.path.exists(own)
    with open(own, "w", encoding="utf-8") as file:
        file.write(text)
    if is_new:
        subprocess.run(["mount", "--bind", own, path], check=True)
