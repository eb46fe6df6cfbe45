"""A DNS client, as `run` shows it."""

from clients import scenes
from clients.service import Service


class Client:
    """One client of one service, in the place that it is shown in."""

    name = None  # for --only
    expects = None  # in a few words
    ports = (53, 5300)  # of the server
    registration = {}  # members of each instance's registration, besides address and port
    settings = ()  # of the server, as arguments
    seconds = 400  # until it counts as hanging

    def __init__(self, place):
        self.place = place
        self.service = None

    def version(self):
        raise NotImplementedError

    def prepare(self):
        """What needs the machine's own network or takes long; before there is another network."""

    def show(self):
        """Lines of what was seen; a Mistake where it is not as expected."""
        self.service = Service(self.place.registry, registration=self.registration)
        self.service.fill(scenes.STEADY)
        with self:
            yield from self.seen()

    def seen(self):
        yield scenes.exact_order(self, self.service)
        yield scenes.comes_and_goes(self, self.service)

    def reached(self, calls):
        """The address that each of so many calls has reached."""
        raise NotImplementedError

    def reaches(self, address):
        """Whether a call did."""
        return address in self.reached(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
