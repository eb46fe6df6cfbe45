"""DNS-SD by dig (RFC 6763): from the zone to the types, the instances, and where each is."""

from clients import order, scenes
from clients.order import Mistake
from clients.query_tools import Dig
from clients.registry import ZONE

DISCOVERY = f"_dns-sd._udp.{ZONE}"
TYPE = f"_http._tcp.{ZONE}."
PORT = 8081  # named http


class Browsing(Dig):
    """A call is one round of browsing, and reaches all that are found."""

    name = "dns-sd"
    expects = "each instance, with its port and metadata"
    registration = {"ports": {"http": PORT}, "metadata": {"path": "/"}}

    def seen(self):
        yield self.finds_the_type()
        yield self.finds_the_instances()
        yield scenes.comes_and_goes(self, self.service)

    def finds_the_type(self):
        order.all_once(self.pointers(f"b.{DISCOVERY}"), [f"{ZONE}."])
        order.all_once(self.pointers(f"_services.{DISCOVERY}"), [TYPE])
        return f"b.{DISCOVERY} has the zone, _services the type {TYPE}"

    def finds_the_instances(self):
        order.all_once(self.reached(1), self.service.members)
        for name in self.pointers(TYPE):
            if self.values(name, "TXT") != ['"path=/"']:
                raise Mistake(f"{name} has other metadata: {self.values(name, 'TXT')}")
        return f"{scenes.STEADY} instances, each with port {PORT}, address and metadata"

    def reached(self, calls):
        names = [name for _ in range(calls) for name in self.pointers(TYPE)]
        return [address for address in map(self.found_if_listed, names) if address]

    def found_if_listed(self, name):
        """Or nothing, if it has gone since the list was made."""
        try:
            return self.found(name)
        except Mistake:
            if name in self.pointers(TYPE):
                raise

    def found(self, name):
        """The address of an instance with this name (RFC 6763 4.1)."""
        ((port, target),) = [value.split()[2:] for value in self.values(name, "SRV")]
        if int(port) != PORT:
            raise Mistake(f"{name} has port {port}")
        return self.values(target, "A")[0]

    def pointers(self, name):
        return self.values(name, "PTR")
