"""The instances of a service, as DNS tells of them."""

from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from . import message
from .address import Address
from .message import Question, Record, Reply
from .name import DomainName, text_of

MOST_ALIASES = 8  # that are followed from a name (CNAME)


class Endpoint(NamedTuple):
    """An instance. In order: the lowest priority first, then by name and port."""

    priority: int
    target: str  # its domain name
    port: int
    weight: int
    addresses: Tuple[str, ...]  # in the order in which they are tried

    @property
    def id(self) -> str:
        """The first label of its name."""
        return self.target.partition(".")[0]

    @property
    def address(self) -> str:
        """`host:port`, or `[v6]:port`, of the first address."""
        return str(Address(self.addresses[0], self.port))

    def __str__(self) -> str:
        return f"{self.id} ({self.address})"


class Located(NamedTuple):
    """SRV records with the addresses that are known of their targets."""

    services: Tuple[Record, ...]
    addresses: Dict[DomainName, List[str]]
    ttl: int  # seconds; the least of all records that count

    @classmethod
    def of(cls, reply: Reply, question: Question) -> "Located":
        answers = list(answers_to(reply.answers, question))
        services = tuple(record for record in answers if record.type == message.SRV)
        # The root as target says that there is no such service (RFC 2782).
        targets = {record.data.target for record in services if record.data.target}
        beside = [
            record
            for record in reply.additionals
            if record.type in (message.A, message.AAAA) and record.owner in targets
        ]
        addresses: Dict[DomainName, List[str]] = {}
        for record in beside:
            addresses.setdefault(record.owner, []).append(record.data)
        ttl = min((record.ttl for record in [*answers, *beside]), default=0)
        return cls(services, addresses, ttl)

    @property
    def missing(self) -> List[DomainName]:
        """Targets without an address."""
        targets = {record.data.target for record in self.services}
        return sorted(target for target in targets if target and target not in self.addresses)

    def endpoints(self) -> Tuple[Endpoint, ...]:
        """Those with an address, sorted, each once."""
        return tuple(sorted({
            Endpoint(
                data.priority, text_of(data.target), data.port, data.weight,
                tuple(sorted(set(self.addresses[data.target]), key=_family_first)),
            )
            for data in (record.data for record in self.services)
            if data.target in self.addresses and data.port
        }))  # fmt: skip


def answers_to(records: Sequence[Record], question: Question) -> Iterator[Record]:
    """The aliases from the question's name on, then the records of its type."""
    owner = question.name
    for _ in range(MOST_ALIASES):
        alias = next((r for r in records if r.owner == owner and r.type == message.CNAME), None)
        if alias is None:
            break
        yield alias
        owner = alias.data
    for record in records:
        if record.owner == owner and record.type == question.type:
            yield record


def _family_first(address: str) -> Tuple[bool, str]:
    """IPv4 first: where an instance has both, either will do, and nearly everybody has this."""
    return (":" in address, address)
