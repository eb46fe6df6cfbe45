"""Turns: exact shares, priorities, and who comes after a failure."""

import collections
import itertools
import random
import unittest

from servicemesh.endpoint import Endpoint
from servicemesh.turn import MOST_NAMES, Turns, chosen, order


def endpoints(*weights, priority=0):
    return tuple(
        Endpoint(priority, f"p{priority}-{number}.web.", 80, weight, ("127.0.0.1",))
        for number, weight in enumerate(weights)
    )


class TurnTests(unittest.TestCase):
    def test_in_any_round_every_weight_comes_first_exactly_by_its_share(self):
        for weights, shares in (
            ((1, 1, 1), (1, 1, 1)),
            ((5, 5), (1, 1)),
            ((1, 2, 3), (1, 2, 3)),
            ((10, 20, 70), (1, 2, 7)),
            ((65_535, 1), (65_535, 1)),
            ((0, 3), (0, 1)),
            ((0, 0), (1, 1)),
            ((7,), (1,)),
        ):
            total = sum(shares)
            for start in (0, 1, 12_345):
                with self.subTest(weights=weights, start=start):
                    counts = collections.Counter(
                        chosen(weights, turn) for turn in range(start, start + total)
                    )
                    self.assertEqual(
                        tuple(counts[index] for index in range(len(weights))), shares
                    )

    def test_a_heavy_weight_is_spread_over_the_round(self):
        firsts = [chosen((4, 3), turn) for turn in range(70)]
        runs = [len(list(run)) for _, run in itertools.groupby(firsts)]
        self.assertLessEqual(max(runs), 2)

    def test_a_higher_priority_number_comes_only_after_all_lower_ones(self):
        group = sorted([*endpoints(1, 1), *endpoints(9, 9, priority=1)])
        for turn in range(20):
            priorities = [each.priority for each in order(group, turn, random.Random(turn))]
            self.assertEqual(priorities, [0, 0, 1, 1])

    def test_who_follows_a_failure_is_any_of_the_others(self):
        chance = random.Random(1)
        seconds = collections.Counter(
            order(endpoints(1, 1, 1, 1), 0, chance)[1].target for _ in range(3_000)
        )
        self.assertEqual(len(seconds), 3)
        self.assertGreater(min(seconds.values()), 850)

    def test_services_have_turns_of_their_own_whatever_the_case_of_their_names(self):
        turns, group = Turns(), endpoints(1, 1)
        firsts = []
        for name in ("web", "WEB", "web", "web"):
            turns.next_order("other", group)
            firsts.append(turns.next_order(name, group)[0].target)
        self.assertEqual(firsts[0], firsts[2])
        self.assertEqual(firsts[1], firsts[3])
        self.assertNotEqual(firsts[0], firsts[1])

    def test_turns_are_kept_for_a_bounded_number_of_services(self):
        turns = Turns()
        for number in range(MOST_NAMES + 10):
            turns.next_order(f"s{number}", endpoints(1))
        self.assertEqual(len(turns._turns), MOST_NAMES)
