"""The load programs: dnsperf for queries, wrk and h2load for registrations."""

import contextlib
import json
import os
import re
import signal
import subprocess

from bench import cores

SLACK = 60  # seconds that a load program may take longer than it was told
OUTSTANDING = 200  # queries in flight over UDP, on four sockets
REQUESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "requests.lua")
TCP_CONNECTIONS, TCP_OUTSTANDING = 8, 400


def dnsperf_command(server, queries, seconds, tcp=False):
    shape = (
        ["-m", "tcp", "-c", str(TCP_CONNECTIONS), "-q", str(TCP_OUTSTANDING)]
        if tcp
        else ["-m", "udp", "-c", "4", "-q", str(OUTSTANDING)]
    )
    return [
        "dnsperf", "-s", server.address, "-p", str(server.port), "-T", "1", *shape,
        "-B", "-d", queries, "-l", str(seconds), "-t", "1",
    ]  # fmt: skip


def dnsperf(server, queries, seconds, tcp=False):
    """Asks as fast as it is answered; returns what dnsperf counted."""
    command = dnsperf_command(server, queries, seconds, tcp)
    return dnsperf_counts(finished(command, seconds + SLACK))


@contextlib.contextmanager
def dnsperf_beside(server, queries, seconds):
    """Asks while something else is measured; the function that it gives ends it and counts."""
    process = subprocess.Popen(
        dnsperf_command(server, queries, seconds), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=cores.child_on(cores.LOAD),
    )  # fmt: skip

    def end():
        process.send_signal(signal.SIGINT)
        return dnsperf_counts(process.communicate(timeout=SLACK)[0])

    try:
        yield end
    finally:
        process.kill()
        process.wait()


def dnsperf_counts(text):
    def number(pattern):
        found = re.search(pattern, text)
        if not found:
            raise RuntimeError(f"dnsperf said:\n{text[-2000:]}")
        return float(found[1])

    codes = re.search(r"Response codes:\s+(.*)", text)
    unwanted = re.sub(r"(NOERROR|NXDOMAIN) \d+ \([\d.]+%\)(, )?", "", codes[1] if codes else "")
    if unwanted:
        raise RuntimeError(f"the replies have other codes: {unwanted}")
    return {
        "completed": int(number(r"Queries completed:\s+(\d+)")),
        "lost": int(number(r"Queries lost:\s+(\d+)")),
        "queries_a_second": number(r"Queries per second:\s+([\d.]+)"),
        "reply_size": number(r"response (\d+)"),
    }


def wrk(url, connections, seconds, *arguments):
    """Registers something new with every request; the arguments are those of requests.lua."""
    command = [
        "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-s", REQUESTS, url,
        "--", *map(str, arguments),
    ]  # fmt: skip
    text = finished(command, seconds + SLACK)
    found = re.search(r"^\{.*\}$", text, re.MULTILINE)
    if not found:
        raise RuntimeError(f"wrk said:\n{text[-2000:]}")
    counts = json.loads(found[0])
    if counts["failed"] or not counts["completed"]:
        raise RuntimeError(f"requests failed: {counts}\n{text[-500:]}")
    return counts


def h2load(url, connections, seconds, body, headers):
    """Posts the same body over HTTP/2, one request at a time on each connection."""
    fields = [part for header in headers for part in ("-H", header)]
    command = [
        "h2load", "-t", "1", "-c", str(connections), "-m", "1", "-D", str(seconds),
        "-d", body, *fields, url,
    ]  # fmt: skip
    text = finished(command, seconds + SLACK)
    succeeded = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", text)
    if not succeeded or not int(succeeded[1]) or int(succeeded[2]) or int(succeeded[3]):
        raise RuntimeError(f"h2load said:\n{text[-2000:]}")
    return {"completed": int(succeeded[1]), "seconds": seconds}


def finished(command, timeout):
    run = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=timeout, preexec_fn=cores.child_on(cores.LOAD), check=False,
    )  # fmt: skip
    if run.returncode != 0:
        raise RuntimeError(f"{command[0]} exited with {run.returncode}:\n{run.stdout[-2000:]}")
    return run.stdout
