"""The services that are measured: their registrations, the same records as a zone, the queries."""

import random

from bench import message

ZONE = "mesh.internal."
INSTANCES = 8  # of each service
PORT, GRPC_PORT, TTL = 8080, 9090, 5
LONG_LEASE = 86_400  # none ends while it is measured
# Numbers of instances that are registered besides those of the services asked for.
OTHER_INSTANCES = 4_000_000


class Services:
    """Some services of eight instances each, numbered through."""

    def __init__(self, count):
        self.count = count
        self.instances = count * INSTANCES

    def queries(self, seed, amount):
        """(name, type) as many times: half A, most others SRV by port name, some negative."""
        chance = random.Random(seed)
        for _ in range(amount):
            share, service = chance.random(), chance.randrange(self.count)
            if share < 0.5:
                yield f"s{service}.{ZONE}", "A"
            elif share < 0.9:
                yield f"_grpc._tcp.s{service}.{ZONE}", "SRV"
            elif share < 0.95:
                yield f"s{service}.{ZONE}", "AAAA"
            else:
                yield f"nope{service}.{ZONE}", "A"

    def write_queries(self, path, seed, amount, udp_size):
        """The queries as dnsperf reads them with -B: messages with their length before them."""
        with open(path, "wb") as file:
            for name, kind in self.queries(seed, amount):
                query = message.query(name, kind, udp_size)
                file.write(len(query).to_bytes(2, "big") + query)

    def write_zone(self, path):
        """What Rollcall publishes for the registrations, but for the names of tags."""
        with open(path, "w", encoding="ascii") as file:
            file.write(f"$ORIGIN {ZONE}\n$TTL {TTL}\n")
            file.write("@ SOA ns hostmaster 1 3600 600 604800 1\n@ NS ns\nns A 127.0.0.1\n")
            for service in range(self.count):
                first = service * INSTANCES
                file.write("".join(zone_lines(n) for n in range(first, first + INSTANCES)))

    def bulk_bodies(self, items=10_000, lease=LONG_LEASE):
        """Bodies for `POST /v1/instances` that register all of them."""
        return bulk_bodies(range(self.instances), items, lease)


def names(number):
    """(service, instance) by the number of the instance."""
    return f"s{number // INSTANCES}", f"i{number % INSTANCES}"


def address(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def settings(number, lease=LONG_LEASE, host=None):
    """The members of a registration as JSON, without braces: one tag, two metadata entries."""
    return (
        f'"address":"{host or address(number)}","port":{PORT},"ports":{{"grpc":{GRPC_PORT}}},'
        f'"tags":["v1"],"metadata":{{"version":"1.{number % 10}","host":"node-{number}"}},'
        f'"lease_seconds":{lease}'
    )


def bulk_item(number, lease=LONG_LEASE, host=None):
    service, instance = names(number)
    return f'{{"service":"{service}","id":"{instance}",{settings(number, lease, host)}}}'


def bulk_body(numbers, lease=LONG_LEASE):
    items = ",".join(bulk_item(n, lease) for n in numbers)
    return f'{{"instances":[{items}]}}'.encode()


def bulk_bodies(numbers, items, lease=LONG_LEASE):
    for at in range(0, len(numbers), items):
        yield bulk_body(numbers[at : at + items], lease)


def renewal_bodies(numbers, items):
    """Bodies for `POST /v1/renewals`."""
    for at in range(0, len(numbers), items):
        named = (names(n) for n in numbers[at : at + items])
        listed = ",".join(f'{{"service":"{s}","id":"{i}"}}' for s, i in named)
        yield f'{{"renewals":[{listed}]}}'.encode()


def zone_lines(number):
    service, instance = names(number)
    host, ip = f"{instance}.{service}", address(number)
    return (
        f"{service} A {ip}\n{host} A {ip}\n"
        f"{service} SRV 0 1 {PORT} {host}\n_{service}._tcp SRV 0 1 {PORT} {host}\n"
        f"_grpc._tcp.{service} SRV 0 1 {GRPC_PORT} {host}\n{host} SRV 0 1 {PORT} {host}\n"
        f'{host} TXT "host=node-{number}" "version=1.{number % 10}"\n'
    )
