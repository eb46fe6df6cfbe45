"""dig, kdig, drill and delv: they show what the server says."""

import re

from clients import order, scenes
from clients.client import Client
from clients.order import Mistake
from clients.registry import ADDRESS, ZONE
from clients.service import Service

RUNS = 30  # of the program, each one call
LARGE = 200  # addresses: more than fit into a datagram
RECORD = re.compile(r"^(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.+?)\s*$", re.MULTILINE)


class QueryTool(Client):
    expects = "exact order; TCP for what does not fit"

    def command(self, name, kind):
        raise NotImplementedError

    def seen(self):
        yield scenes.exact_order(self, self.service, RUNS)
        yield scenes.comes_and_goes(self, self.service)
        yield self.sees_ports()
        yield self.sees_all_of_a_large_answer()

    def reached(self, calls):
        return [self.values(self.service.host, "A")[0] for _ in range(calls)]

    def sees_ports(self):
        name = f"_{self.service.name}._tcp.{ZONE}"
        expected = {f"0 1 8080 {i.id}.{self.service.host}." for i in self.service.instances}
        order.all_once(self.values(name, "SRV"), expected)
        return f"SRV: {len(expected)} ports and targets"

    def sees_all_of_a_large_answer(self):
        large = Service(self.place.registry, "large").fill(LARGE)
        order.all_once(self.values(large.host, "A"), large.members)
        return f"all of {LARGE} addresses, over TCP"

    def values(self, name, kind):
        """The data of the records of this type that the answer has, in its order."""
        text = self.place.run(*self.command(name, kind))
        owner = name.rstrip(".") + "."
        found = [r[3] for r in RECORD.findall(text) if r[0] == owner and r[2] == kind]
        if not found:
            raise Mistake(f"no {kind} of {name}: {text.strip()[:500]}")
        return found


class Dig(QueryTool):
    name = "dig"

    def version(self):
        return self.place.run("dig", "-v", may_fail=True).split()[-1]

    def command(self, name, kind):
        return ("dig", "+noall", "+answer", f"@{ADDRESS}", "-p", "5300", name, kind)


class Kdig(QueryTool):
    name = "kdig"

    def version(self):
        return self.place.run("kdig", "-V").split()[-1]

    def command(self, name, kind):
        return ("kdig", "+noall", "+answer", f"@{ADDRESS}", "-p", "5300", name, kind)


class Drill(QueryTool):
    name = "drill"

    def version(self):
        return self.place.run("drill", "-v", may_fail=True).split()[2]

    def command(self, name, kind):
        # With -a it comes again over TCP; else a truncated answer is all it shows.
        return ("drill", "-a", "-p", "5300", name, f"@{ADDRESS}", kind)


class Delv(QueryTool):
    name = "delv"
    expects = "addresses in ascending order, whatever the turn; TCP for what does not fit"

    def seen(self):
        order.always(self.reached(RUNS), self.service.members[0])
        yield f"the lowest address first in all of {RUNS} calls"
        yield scenes.comes_and_goes(self, self.service)
        yield self.sees_ports()
        yield self.sees_all_of_a_large_answer()

    def reaches(self, address):
        return address in self.values(self.service.host, "A")

    def version(self):
        return self.place.run("delv", "-v", may_fail=True).split()[-1]

    def command(self, name, kind):
        # With -i it does not validate: the zone is not signed, and here it has no parent.
        return ("delv", "-i", f"@{ADDRESS}", "-p", "5300", name, kind)
