"""What tools that try a server do alike: arguments and exit codes; a run of drain or watchers."""

import argparse
import collections
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import debian

HELD, BROKEN, NOT_TESTED = 0, 1, 2
SHOWN = 10  # mistakes


class Outcome:
    """What was done, what was wrong, and what could not be tested."""

    def __init__(self):
        self.counts = collections.Counter()
        self.figures = []  # lines of what was measured
        self.mistakes = []
        self.untested = []

    def wrong(self, text):
        self.mistakes.append(text)

    def code(self):
        if self.mistakes:
            return BROKEN
        return NOT_TESTED if self.untested else HELD

    def print(self):
        for mistake in self.mistakes[:SHOWN]:
            print(f"WRONG: {mistake}")
        if len(self.mistakes) > SHOWN:
            print(f"and {len(self.mistakes) - SHOWN:,} mistakes more")
        for line in (*self.figures, *(f"not tested: {text}" for text in self.untested)):
            print(line)
        print(", ".join(f"{count:,} {name}" for name, count in self.counts.items()), end="")
        print(f"; {len(self.mistakes):,} mistakes", flush=True)


def parser(name, text, examples, is_random=True):
    parsed = argparse.ArgumentParser(
        prog=f"tools/{name}", description=text, epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parsed.add_argument("--binary", metavar="PATH", help="a program that is already built")
    if is_random:
        parsed.add_argument("--seed", type=int, default=1, help="for what is random (default: 1)")
    return parsed


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def run(parser, packages, perform):
    """Calls `perform(arguments, binary, directory, outcome)`; returns the exit code."""
    arguments, outcome = parser.parse_args(), Outcome()
    if arguments.binary and not os.access(arguments.binary, os.X_OK):
        parser.error(f"--binary '{arguments.binary}' is no program that can be run")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(NOT_TESTED))
    directory = None
    try:
        if packages:
            debian.install_packages(packages)
        binary = os.path.abspath(arguments.binary or debian.built_program())
        # Not /tmp, which is in memory on many machines: the database is to be on a disk.
        directory = tempfile.mkdtemp(prefix="rollcall-trial.", dir="/var/tmp")
        perform(arguments, binary, directory, outcome)
    except (
        OSError, RuntimeError, subprocess.SubprocessError, http.client.HTTPException
    ) as error:  # fmt: skip
        outcome.untested.append(f"{type(error).__name__}: {error}")
    except KeyboardInterrupt:
        outcome.untested.append("interrupted")
    finally:
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
    outcome.print()
    return outcome.code()


def say(text):
    print(text, file=sys.stderr, flush=True)
