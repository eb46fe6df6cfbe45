"""What the instances that calls have reached, one after another, tell of how load spreads."""

import collections
import math

DEVIATIONS = 5  # of a binomial share: by chance, once in some million


class Mistake(Exception):
    """What a client did is not what its row says."""


def exact(reached, members):
    """Of n consecutive calls each reaches another instance: the server's turn, unchanged."""
    only(reached, members)
    count = len(members)
    if len(reached) < count:
        raise Mistake(f"{len(reached)} calls can't reach all of {count}: {reached}")
    for at in range(len(reached) - count + 1):
        window = reached[at : at + count]
        if len(set(window)) != count:
            raise Mistake(f"calls {at + 1} to {at + count} do not reach each once: {window}")


def even(reached, members):
    """Each as often as chance would have it."""
    only(reached, members)
    share = 1 / len(members)
    mean = len(reached) * share
    allowed = DEVIATIONS * math.sqrt(mean * (1 - share))
    for member, count in tally(reached, members).items():
        if abs(count - mean) > allowed:
            raise Mistake(f"{member} has {count} of {len(reached)} calls, not about {mean:.0f}")


def weighted(reached, weights):
    """Each its share by weight, but for one round."""
    only(reached, weights)
    total = sum(weights.values())
    for member, count in tally(reached, weights).items():
        mean = len(reached) * weights[member] / total
        if abs(count - mean) > total:
            raise Mistake(f"{member} has {count} of {len(reached)} calls, not {mean:.0f}")


def all_once(found, members):
    """What one answer has: each of them, and nothing else, in whatever order."""
    only(found, members)
    if sorted(found) != sorted(members):
        missing = sorted(set(members) - set(found))
        raise Mistake(f"{len(found)} found, not {len(members)}, each once; without {missing[:5]}")


def always(reached, member):
    """One instance has them all."""
    some(reached)
    others = set(reached) - {member}
    if others:
        raise Mistake(f"not always {member}, but also {sorted(others)}")


def only(reached, members):
    """Nothing else is reached."""
    some(reached)
    strangers = set(reached) - set(members)
    if strangers:
        raise Mistake(f"calls reach what they should not: {sorted(strangers)[:5]}")


def some(reached):
    """Of nothing all would be true."""
    if not reached:
        raise Mistake("nothing is reached")


def tally(reached, members):
    counted = collections.Counter(reached)
    return {member: counted[member] for member in members}
