"""The programs from PyPI that tools/openapi needs, in a directory of their own."""

import os
import shutil
import subprocess
import sys

# Both are pinned; what they need themselves comes as pip finds it.
PACKAGES = ("schemathesis==4.32.5", "openapi-spec-validator==0.9.0")
INSTALLATION = 600  # seconds


class Programs:
    def __init__(self, directory):
        """Installs them unless these versions are there."""
        self.directory = directory
        stamp = os.path.join(directory, "installed")
        wanted = "\n".join(PACKAGES)
        if read(stamp) == wanted:
            return
        shutil.rmtree(directory, ignore_errors=True)
        run = {"check": True, "timeout": INSTALLATION, "stdout": sys.stderr}
        subprocess.run([sys.executable, "-m", "venv", directory], **run)
        subprocess.run([self.path("pip"), "install", "--quiet", *PACKAGES], **run)
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
