"""DNS messages: what is written is read, and no octets do harm."""

import random
import struct
import unittest

import scripted_dns as dns
from servicemesh import message
from servicemesh.endpoint import Located
from servicemesh.message import Malformed, Question
from servicemesh.name import domain_name


def query(name="web.mesh.internal", kind=message.SRV, identifier=7):
    return message.encode_query(identifier, Question(domain_name(name), kind))


def full_reply():
    answers = [
        dns.record("WEB.mesh.internal", dns.SRV, (0, n, 80 + n, f"i{n}.web.mesh.internal"))
        for n in range(1, 4)
    ]
    beside = [dns.record(f"i{n}.web.mesh.internal", dns.A, f"10.0.0.{n}") for n in range(1, 4)]
    beside.append(dns.record("i1.web.mesh.internal", dns.AAAA, "fd00::1"))
    return dns.reply(query(), answers, beside)


class MessageTests(unittest.TestCase):
    def test_a_query_has_the_question_and_edns_with_1232_octets(self):
        octets = query()
        self.assertEqual(octets[:12], struct.pack(">6H", 7, 0x0100, 1, 0, 0, 1))
        self.assertEqual(octets[-11:], b"\0" + struct.pack(">2HIH", 41, 1_232, 0, 0))
        decoded = message.decode(octets)
        self.assertTrue(decoded.is_query)
        self.assertEqual(decoded.questions, (Question(domain_name("web.mesh.internal"), 33),))

    def test_a_reply_is_read_with_names_in_lower_case(self):
        reply = message.decode(full_reply())
        self.assertFalse(reply.is_query or reply.is_truncated)
        self.assertEqual([record.data.port for record in reply.answers], [81, 82, 83])
        self.assertEqual({record.owner for record in reply.answers}, set([reply.questions[0].name]))
        located = Located.of(reply, reply.questions[0])
        self.assertEqual([each.id for each in located.endpoints()], ["i1", "i2", "i3"])
        self.assertEqual(located.endpoints()[0].addresses, ("10.0.0.1", "fd00::1"))

    def test_compressed_names_are_read_and_endless_ones_are_not(self):
        head = struct.pack(">6H", 1, 0x8400, 2, 0, 0, 0)
        kind = struct.pack(">2H", 1, 1)
        good = head + b"\1a\1b\0" + kind + b"\1c\xc0\x0c" + kind
        names = [question.name for question in message.decode(good).questions]
        self.assertEqual(names, [(b"a", b"b"), (b"c", b"a", b"b")])
        for pointer in (b"\xc0\x0c", b"\1a\xc0\x0c", b"\xc0\xff", b"\xc0\x0e\xc0\x0c", b"\x80a\0"):
            with self.subTest(pointer), self.assertRaises(Malformed):
                message.decode(struct.pack(">6H", 1, 0x8400, 1, 0, 0, 0) + pointer + b"\0\1\0\1")

    def test_a_name_of_255_octets_is_read_and_one_of_256_is_not(self):
        def reply(last):
            labels = [63, 63, 63, last]
            name = b"".join(bytes([n]) + b"x" * n for n in labels) + b"\0"
            return struct.pack(">6H", 1, 0x8400, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1)

        self.assertEqual(len(message.decode(reply(61)).questions[0].name), 4)
        self.assertRaises(Malformed, message.decode, reply(62))

    def test_a_record_that_is_not_as_long_as_it_says_is_malformed(self):
        for kind, data in ((dns.SRV, (0, 1, 80, "a.b")), (dns.A, "10.0.0.1"), (dns.CNAME, "a.b")):
            octets = dns.record("web", kind, data)
            lengths = 5 + 8  # the owner, then type, class and TTL
            length = struct.unpack(">H", octets[lengths : lengths + 2])[0]
            for wrong in (length - 1, length + 1):
                changed = octets[:lengths] + struct.pack(">H", wrong) + octets[lengths + 2 :]
                with self.subTest(kind=kind, wrong=wrong), self.assertRaises(Malformed):
                    message.decode(dns.reply(query(), [changed + b"\0" * 20]))

    def test_another_class_is_another_question_and_no_answer(self):
        octets = bytearray(query())
        octets[-12] = 3  # CH
        self.assertNotEqual(message.decode(bytes(octets)).questions[0].type, message.SRV)

    def test_no_octets_do_more_than_be_malformed(self):
        chance = random.Random(1)
        good = full_reply()
        outcomes = {True: 0, False: 0}
        for number in range(20_000):
            if number % 3 == 0:
                octets = bytes(chance.getrandbits(8) for _ in range(chance.randrange(80)))
            else:
                octets = bytearray(good)
                for _ in range(chance.randrange(1, 6)):
                    octets[chance.randrange(len(octets))] = chance.getrandbits(8)
                end = chance.choice([len(octets), chance.randrange(len(octets))])
                octets = bytes(octets[:end])
            try:
                reply = message.decode(octets)
            except Malformed:
                outcomes[False] += 1
                continue
            outcomes[True] += 1
            for question in reply.questions[:3]:
                for endpoint in Located.of(reply, question).endpoints():
                    str(endpoint)
        # Else nothing was tried.
        self.assertGreater(min(outcomes.values()), 1_000, outcomes)

    def test_counts_that_lie_end_with_the_octets(self):
        self.assertRaises(Malformed, message.decode, struct.pack(">6H", 1, 0x8400, *[0xFFFF] * 4))
