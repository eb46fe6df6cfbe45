"""promtool, which must have nothing to say."""

import os
import subprocess

TIME = 120  # seconds for one call


def check(*arguments, text=None):
    """Calls it, with `text` as its input. A complaint is a mistake, also one that it lets pass."""
    done = subprocess.run(
        ["promtool", *arguments], input=text, capture_output=True, text=True, timeout=TIME,
        check=False,
    )  # fmt: skip
    command = " ".join(["promtool", *map(os.path.basename, arguments)])
    said = (done.stderr if done.returncode == 0 else done.stdout + done.stderr).strip()
    if done.returncode == 0 and not said:
        return []
    return [f"{command} ends with {done.returncode}: {said}"]
