"""A library that makes the program break its promises, so that a test can be seen to fail."""

import os
import subprocess

SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "sabotage.c")

# What the library does instead of what it is called for; the words are those of its source.
DROP_WRITES = "drop-writes"  # every so many writes to the write-ahead log do not happen
HIDE_ERRORS = "hide-errors"  # a call that failed says that it did not
NO_SYNC = "no-sync"  # nothing is ever synced


def environment(lie, directory):
    """What the program is to be started with. Compiles the library in the directory."""
    library = os.path.join(directory, "sabotage.so")
    subprocess.run(
        ["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"],
        check=True,
    )
    return {"LD_PRELOAD": library, "SABOTAGE": lie}
