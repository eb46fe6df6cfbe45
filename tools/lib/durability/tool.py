"""What the three tools do alike: their common arguments, the directory they work in, exit codes."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import debian
from durability import sabotage
from durability.server import Server

HELD, BROKEN, NOT_TESTED = 0, 1, 2
SHOWN, LONGEST = 10, 1500  # faults, and characters of each; the first says most


def parser(name, text, examples):
    parsed = argparse.ArgumentParser(
        prog=f"tools/{name}", description=text, epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parsed.add_argument("--binary", metavar="PATH", help="a program that is already built")
    parsed.add_argument("--seed", type=int, default=1, help="for what is random (default: 1)")
    parsed.add_argument("--keep", metavar="DIR", help="work in this new directory and keep it")
    parsed.add_argument(
        "--self-test", action="store_true",
        help="sabotage the program; holds (0) if the test finds that its promises are broken",
    )  # fmt: skip
    return parsed


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def run(parser, perform, lie):
    """Runs `perform(arguments, directory, say)`; what it returns has faults, errors, a summary.

    `lie` is the one of `sabotage` that the test must find out.
    """
    arguments = parser.parse_args()
    if arguments.binary and not os.access(arguments.binary, os.X_OK):
        parser.error(f"--binary '{arguments.binary}' is no program that can be run")
    name = parser.prog.removeprefix("tools/")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(NOT_TESTED))
    try:
        debian.install_packages("durability_packages")
        Server.binary = os.path.abspath(arguments.binary or debian.built_program())
    except subprocess.CalledProcessError:
        return NOT_TESTED
    directory = working_directory(name, arguments.keep)
    keeps = bool(arguments.keep)
    try:
        if arguments.self_test:
            Server.environment = sabotage.environment(lie, directory)
        outcome = perform(arguments, directory, say)
        code = told(name, outcome, arguments.self_test)
        keeps = keeps or bool(outcome.faults and not arguments.self_test)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        say(f"{name}: could not test: {type(error).__name__}: {error}")
        code = NOT_TESTED
    finally:
        if not keeps:
            shutil.rmtree(directory, ignore_errors=True)
    if keeps:
        say(f"{name}: what the test left is in {directory}")
    return code


def told(name, outcome, is_self_test):
    for fault in outcome.faults[:SHOWN]:
        print(f"FAULT: {fault[:LONGEST]}")
    if len(outcome.faults) > SHOWN:
        print(f"and {len(outcome.faults) - SHOWN:,} faults more")
    print(outcome.summary())
    for error in outcome.errors:
        say(f"{name}: could not test: {error}")
    if outcome.errors:
        return NOT_TESTED
    if is_self_test:
        say(f"{name}: the sabotage was {'' if outcome.faults else 'NOT '}found out")
        return HELD if outcome.faults else BROKEN
    say(f"{name}: {'FAILED: see the faults above' if outcome.faults else 'all of it holds'}")
    return BROKEN if outcome.faults else HELD


def working_directory(name, keep):
    if keep:
        os.makedirs(keep)
        return os.path.realpath(keep)
    # Not /tmp, which is in memory on many machines: what is tested must reach a disk.
    return os.path.realpath(tempfile.mkdtemp(prefix=f"rollcall-{name}.", dir="/var/tmp"))


def say(text):
    print(text, file=sys.stderr, flush=True)


def exit_with(main):
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(NOT_TESTED)
