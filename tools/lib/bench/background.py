"""A function that runs in a process of its own while something else is measured."""

import multiprocessing
import signal

from bench import cores

FORK = multiprocessing.get_context("fork")


class Background:
    """Calls `work(told_to_end, *arguments)`; `told_to_end` is a connection that turns readable.

    In its context the process is ended whatever happens. With a priority it runs before the load
    that shares its core.
    """

    def __init__(self, work, *arguments, priority=0):
        self.own, other = FORK.Pipe()
        self.process = FORK.Process(
            target=perform, args=(other, work, arguments, priority), daemon=True
        )

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()

    def end(self, timeout):
        """Tells it to end, and returns its result."""
        self.own.send(None)
        return self.result(timeout)

    def result(self, timeout):
        if not self.own.poll(timeout):
            raise RuntimeError(f"{self.process.name} did not end in time")
        kind, value = self.own.recv()
        if kind == "error":
            raise RuntimeError(value)
        return value


def perform(connection, work, arguments, priority):
    cores.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the parent ends this one
    if priority:
        cores.go_first(priority)
    try:
        connection.send(("result", work(connection, *arguments)))
    except Exception as error:
        connection.send(("error", f"{type(error).__name__}: {error}"))
