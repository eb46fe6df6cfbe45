"""Programs and modules from PyPI that a tool needs, in a directory of their own."""

import os
import shutil
import subprocess
import sys

INSTALLATION = 600  # seconds


class Programs:
    def __init__(self, directory, packages):
        """Installs them unless these versions are there; what they need comes as pip finds it."""
        self.directory = directory
        stamp = os.path.join(directory, "installed")
        wanted = "\n".join(packages)
        if read(stamp) == wanted:
            return
        shutil.rmtree(directory, ignore_errors=True)
        run = {"check": True, "timeout": INSTALLATION, "stdout": sys.stderr}
        subprocess.run([sys.executable, "-m", "venv", directory], **run)
        subprocess.run([self.path("pip"), "install", "--quiet", *packages], **run)
        with open(stamp, "w", encoding="ascii") as file:
            file.write(wanted)

    def path(self, name):
        return os.path.join(self.directory, "bin", name)


def read(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return None
