"""strace: started with the program or attached to it, and the lines that it writes."""

import dataclasses
import glob
import os
import re
import signal
import subprocess
import time

ATTACH = 20  # seconds until all threads are traced, or none is any more
INJECTED = "(INJECTED)"
LINE = re.compile(r"^(\d+) +(?:(\d+\.\d+) )?(.*)$")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>")
UNFINISHED = " <unfinished ...>"


class Attached:
    """In its context strace traces all threads of a running server; after it nothing does."""

    def __init__(self, server, output, options):
        self.server, self.output = server, output
        pid = str(server.process.pid)
        self.command = ["strace", "-f", "-y", "-o", output, *options, "-p", pid]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        self.wait(lambda tracers: tracers == {self.process.pid})
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()
        if self.server.is_running:
            self.wait(lambda tracers: tracers == {0})

    def wait(self, is_so):
        deadline = time.monotonic() + ATTACH
        while not is_so(tracers(self.server.process.pid)):
            if self.process.poll() is not None and is_so({-1}):
                break
            if time.monotonic() > deadline or not self.server.is_running:
                self.process.kill()
                said = self.process.communicate()[1].decode(errors="replace")
                raise RuntimeError(f"strace could not attach or detach: {said[-500:]}")
            time.sleep(0.005)


def tracers(pid):
    """Which processes trace the threads of this one; 0 is none."""
    found = set()
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        try:
            with open(path, encoding="ascii", errors="replace") as file:
                found |= {int(line.split()[1]) for line in file if line.startswith("TracerPid:")}
        except OSError:
            continue  # this thread has just ended
    return found


def from_start(output, options):
    """What the program's command line is preceded by to be traced from its first call on.

    -D makes strace the tracer in the background, so that the process is the program's own.
    """
    return ["strace", "-D", "-f", "-y", "--seccomp-bpf", "-o", output, *options]


@dataclasses.dataclass(frozen=True)
class Call:
    """One line, or the beginning or the end of a call that others came between."""

    thread: int
    time: float
    text: str  # name(arguments) = result; of a beginning, without the result
    begins: bool = True
    ends: bool = True

    @property
    def name(self):
        return self.text.partition("(")[0]

    @property
    def result(self):
        """What it returned; -1 for an error, None for a call in which the program was killed."""
        found = re.match(r"\s*(-?\d+)", self.text.rpartition(" = ")[2])
        return int(found[1]) if found else None


def calls(path):
    """All calls of a trace. One in two parts comes twice: its beginning, and its end whole."""
    begun = {}
    with open(path, encoding="latin-1") as file:
        for line in file:
            found = LINE.match(line.rstrip("\n"))
            if not found or found[3].startswith(("+++", "---")):
                continue
            thread, moment, text = int(found[1]), float(found[2] or 0), found[3]
            if text.endswith(UNFINISHED):
                begun[thread] = text.removesuffix(UNFINISHED)
                yield Call(thread, moment, begun[thread], ends=False)
            elif resumed := RESUMED.match(text):
                whole = begun.pop(thread, resumed[1] + "(") + text[resumed.end():]
                yield Call(thread, moment, whole, begins=False)
            else:
                yield Call(thread, moment, text)


def paths(call):
    """The files that a call names or whose descriptors it has."""
    return set(re.findall(r'[<"](/[^>"]*)[>"]', call.text))


def injections(path, names):
    """How many calls of these names failed because strace made them."""
    named = re.compile(rf"^\d+ +(?:\d+\.\d+ )?(?:<\.\.\. )?(?:{'|'.join(names)})\b")
    with open(path, encoding="latin-1") as file:
        return sum(INJECTED in line and bool(named.match(line)) for line in file)
