"""What the Python tools leave to the shell scripts beside them: Debian packages, the build."""

import os
import subprocess
import sys

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
POLICY = "/usr/sbin/policy-rc.d"


def install_packages(array):
    """Installs what this array of debian-packages.sh names, without starting any service of it."""
    installed = f'for p in "${{{array}[@]}}"; do package_is_installed "$p" || exit 1; done'
    if bash(installed, check=False).returncode == 0:
        return
    silences = os.geteuid() == 0 and not os.path.exists(POLICY)
    if silences:
        with open(POLICY, "x", encoding="ascii") as file:
            file.write("#!/bin/sh\nexit 101\n")
        os.chmod(POLICY, 0o755)
    try:
        bash(f'require_packages "${{{array}[@]}}"')
    finally:
        if silences:
            os.remove(POLICY)


def built_program():
    """The path of the release program, which is built if its sources have changed."""
    bash('build_release "$1"')
    return os.path.join(REPOSITORY, ".build", "release", "rollcall")


def built_product(name):
    """The path of a release program of the project besides that one."""
    bash(f'cd "$1" && swift build -c release --product {name} </dev/null >&2')
    return os.path.join(REPOSITORY, ".build", "release", name)


def bash(command, check=True):
    script = f'source "$1/tools/lib/swift-build.sh" && {{ {command}; }}'
    return subprocess.run(
        ["bash", "-c", script, "tools", REPOSITORY], check=check, stdout=sys.stderr
    )
