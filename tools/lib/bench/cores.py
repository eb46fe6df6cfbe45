"""The two cores: one for the server that is measured, one for everything that loads it."""

import contextlib
import ctypes
import os
import signal

SERVER, LOAD = None, None
PR_SET_PDEATHSIG = 1


def choose():
    """Takes the first two cores that this process may use, and keeps itself to the second."""
    global SERVER, LOAD
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise RuntimeError("two cores are needed: one for the server, one for the load")
    SERVER, LOAD = usable[:2]
    os.sched_setaffinity(0, {LOAD})


def child_on(core):
    """To be called in a child before it executes a program; the kernel ends it with its parent."""

    def prepare():
        os.sched_setaffinity(0, {core})
        die_with_parent()

    return prepare


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def may_go_first():
    """Whether `go_first` does anything here."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return True


def go_first(priority):
    """Runs before the load on the same core, so that a latency is the server's, not the load's."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))


def put_session_first(leader):
    """Has the scheduler put this process's session before other sessions, where it groups them
    (sched(7), autogroup) and root asks. Between the session's own threads nothing changes."""
    with contextlib.suppress(OSError), open(f"/proc/{leader}/autogroup", "w") as file:
        file.write("-20")
