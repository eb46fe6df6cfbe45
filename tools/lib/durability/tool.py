"""What the three tools do alike: their common arguments, the directory they work in, exit codes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

import debian
from durability import sabotage
from durability.server import Server
from trial import BROKEN, HELD, NOT_TESTED
from trial import parser as common_parser

SHOWN, LONGEST = 10, 1500  # faults, and characters of each; the first says most


def parser(name, text, examples):
    parsed = common_parser(name, text, examples)
    parsed.add_argument("--keep", metavar="DIR", help="work in this new directory and keep it")
    parsed.add_argument(
        "--self-test", action="store_true",
        help="sabotage the program; holds (0) if the test finds that its promises are broken",
    )  # fmt: skip
    return parsed


def run(parser, perform, lies, rehearse=list):
    """Runs `perform(arguments, directory, say)`; what it returns has faults, errors and a summary.

    In a self-test `rehearse` says what is wrong with the test itself, and `lies` are those of
    `sabotage` that the test must find out, by losses.
    """
    arguments = parser.parse_args()
    if arguments.binary and not os.access(arguments.binary, os.X_OK):
        parser.error(f"--binary '{arguments.binary}' is no program that can be run")
    name = parser.prog.removeprefix("tools/")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(NOT_TESTED))
    directory, keeps = None, bool(arguments.keep)
    try:
        debian.install_packages("durability_packages")
        Server.binary = os.path.abspath(arguments.binary or debian.built_program())
        directory = working_directory(name, arguments.keep)
        if arguments.self_test:
            wrong = rehearse()
            print(*(f"FAULT: {fault}" for fault in wrong), sep="\n", end="\n" if wrong else "")
            found = [found_out(lie, perform, arguments, directory) for lie in lies]
            return max(BROKEN if wrong else HELD, *found)
        code = told(name, perform(arguments, directory, say))
        keeps = keeps or code == BROKEN
        return code
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        say(f"{name}: could not test: {type(error).__name__}: {error}")
        return NOT_TESTED
    finally:
        if directory and keeps:
            say(f"{name}: what the test left is in {directory}")
        elif directory:
            shutil.rmtree(directory, ignore_errors=True)


def told(name, outcome):
    """Prints what came of it; returns the exit code."""
    for fault in outcome.faults[:SHOWN]:
        print(f"FAULT: {fault[:LONGEST]}")
    if len(outcome.faults) > SHOWN:
        print(f"and {len(outcome.faults) - SHOWN:,} faults more")
    print(outcome.summary(), flush=True)
    for error in outcome.errors:
        say(f"{name}: could not test: {error}")
    if outcome.faults:
        say(f"{name}: FAILED: see the faults above")
        return BROKEN
    if outcome.errors:
        return NOT_TESTED
    say(f"{name}: all of it holds")
    return HELD


def found_out(lie, perform, arguments, directory):
    """Runs the test with a program that lies; HELD if it finds that something is lost."""
    within = os.path.join(directory, lie)
    os.mkdir(within)
    Server.environment = sabotage.environment(lie, within)
    losses = perform(arguments, within, say).losses
    for loss in losses[:2]:
        print(f"found out: {loss[:LONGEST]}")
    print(f"{'OK' if losses else 'FAILED':6}  self-test: {lie}, {len(losses):,} losses found")
    return HELD if losses else BROKEN


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
