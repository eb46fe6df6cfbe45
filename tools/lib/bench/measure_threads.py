"""Two threads that answer from one server, beside two processes that do the same."""

import subprocess

import debian
from bench.rows import Samples, compared

PATIENCE = 60  # seconds beside those that were asked for


def threads(run):
    """`tools/bench --only threads`. Without sockets, so that nothing but memory is shared."""
    driver = debian.built_product("AnswerDriver")
    samples = Samples()
    for _ in range(run.rounds):
        samples.add("two threads", {"answers": answers(driver, 1, 2, run.seconds)})
        samples.add("two processes", {"answers": answers(driver, 2, 1, run.seconds)})
    shared, apart = (samples.median(name, "answers") for name in samples.rounds)
    what = "answers without sockets, two threads of one process"
    run.rows.append(compared(what, "a second", shared, "two processes", apart, at_least=0.95))
    run.keep("answers without sockets", samples)


def answers(driver, processes, threads_each, seconds):
    """How many a second all of them gave, running at the same time."""
    command = [driver, "threads", str(threads_each), str(seconds)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    try:
        counts = [int(each.communicate(timeout=seconds + PATIENCE)[0]) for each in running]
    finally:
        for each in running:
            each.kill()
            each.wait()
    return sum(counts) / seconds
