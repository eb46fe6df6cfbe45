"""Whose turn it is: the order in which the instances of a service are tried."""

import collections
import itertools
import math
import random
import threading
from typing import List, Sequence, Tuple

from .endpoint import Endpoint

MOST_NAMES = 1_000  # whose turns are counted; the one that was not used for longest goes
_GOLDEN = (math.sqrt(5) - 1) / 2


def chosen(weights: Sequence[int], turn: int) -> int:
    """Which of the weights comes first in this turn.

    In any W = sum/gcd turns in a row each comes first exactly by its share. With equal weights they
    come one after the other; with others the W slots are gone through in steps near W/φ, so that a
    heavy one is spread over the turns. A weight of 0 is chosen only where all are 0 (RFC 2782).
    """
    divisor = math.gcd(*weights) or 1
    shares = [weight // divisor for weight in weights] if any(weights) else [1] * len(weights)
    total = sum(shares)
    slot = turn * _step(total) % total if len(set(shares)) > 1 else turn % total
    for index, end in enumerate(itertools.accumulate(shares)):
        if slot < end:
            return index
    raise AssertionError("a slot is below the sum of all shares")


def order(endpoints: Sequence[Endpoint], turn: int, chance: random.Random) -> List[Endpoint]:
    """All of the sorted endpoints: the first by turn, among those of the lowest priority number.

    The others follow at random, so that what an instance that fails leaves is spread over all, and
    not left to its neighbour; those of higher priority numbers come after (RFC 2782).
    """
    groups = [
        list(group) for _, group in itertools.groupby(endpoints, lambda each: each.priority)
    ]
    first = groups[0].pop(chosen([each.weight for each in groups[0]], turn))
    for group in groups:
        chance.shuffle(group)
    return [first, *itertools.chain.from_iterable(groups)]


class Turns:
    """Counts the turns of each service. Safe to use from several threads.

    Each begins somewhere, so that many processes do not all begin with the same instance.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chance = random.Random()
        self._turns: "collections.OrderedDict[str, int]" = collections.OrderedDict()

    def next_order(self, service: str, endpoints: Tuple[Endpoint, ...]) -> List[Endpoint]:
        key = service.lower()
        with self._lock:
            turn = self._turns.pop(key, None)
            turn = self._chance.getrandbits(16) if turn is None else turn
            self._turns[key] = turn + 1
            if len(self._turns) > MOST_NAMES:
                self._turns.popitem(last=False)
            return order(endpoints, turn, self._chance)


def _step(total: int) -> int:
    """Near total/φ and without a common divisor with it."""
    step = max(1, round(total * _GOLDEN))
    while math.gcd(step, total) != 1:
        step += 1
    return step
