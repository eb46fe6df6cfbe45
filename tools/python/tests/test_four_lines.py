"""The script of the first page, as it stands there, with nothing set."""

import os
import subprocess
import sys
import unittest

from program import Program

HERE = os.path.dirname(os.path.realpath(__file__))
END = 120  # seconds


class FourLinesTests(unittest.TestCase):
    def test_the_script_works_as_it_reads_with_default_servers_and_ports(self):
        done = subprocess.run(
            [
                "unshare", "--map-root-user", "--net", sys.executable, "-B",
                os.path.join(HERE, "world.py"), Program.binary, os.path.join(HERE, "four_lines.py"),
            ],
            env={**os.environ, "PYTHONPATH": os.path.dirname(HERE)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=END,
        )  # fmt: skip
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)
        expected = "200 service1 called 8081 127-0-0-1-8081 (127.0.0.1:8081)\n"
        self.assertEqual(done.stdout, expected)

    def test_the_script_is_the_one_of_the_documentation(self):
        with open(os.path.join(HERE, "four_lines.py"), encoding="utf-8") as file:
            script = file.read().partition("\nprint")[0].strip()
        repository = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
        for page in ("docs/python.md", "tools/python/README.md"):
            with open(os.path.join(repository, page), encoding="utf-8") as file:
                self.assertIn(script, file.read(), page)
