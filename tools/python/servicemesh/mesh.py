"""A service mesh in one object: register, find, call."""

import os
import weakref
from typing import Any, Dict, Iterable, Mapping, Optional, Tuple, Union

from .call import Calls
from .counters import Counters
from .discovery import Discovery
from .dns import DNSClient
from .endpoint import Endpoint
from .errors import InvalidArgument, MeshError
from .name import check_callee, check_service
from .registrar import Registrar
from .registry import RegistryClient
from .request import Request
from .response import Response
from .service import Service
from .settings import Settings

TIMEOUT = 2.0  # seconds for a try
RETRIES = 2
DEADLINE = 10.0  # seconds for a call

_meshes: "weakref.WeakSet[ServiceMesh]" = weakref.WeakSet()


class ServiceMesh:
    """Registers services, finds others by DNS, and calls them.

        sm = ServiceMesh()
        sm.add_service(Service('service1', '127.0.0.1:8080'))
        result = sm.call('service1', 'service2')

    dns: `host:port` or `[v6]:port`, 1 to 8 of them as a list or with commas between
        (ROLLCALL_DNS, else 127.0.0.1:5300); without a port it is 53.
    http: the registry (ROLLCALL_HTTP, else http://127.0.0.1:8053).
    zone: of the services (ROLLCALL_ZONE, else mesh.internal).
    token: for the registry (ROLLCALL_TOKEN). Without TLS it is sent on this machine only, unless
        allow_plaintext is true.
    ca_file: PEM, with who signed the registry's certificate (ROLLCALL_CA_FILE).

    Raises InvalidArgument. All methods may be called from several threads. One object for a process
    is enough; what it registered it deregisters in `close`, at the end of `with`, or when the
    interpreter ends. After a fork the child begins anew: it keeps no leases of its parent.
    """

    def __init__(
        self,
        *,
        dns: Union[str, Iterable[str], None] = None,
        http: Optional[str] = None,
        zone: Optional[str] = None,
        token: Optional[str] = None,
        ca_file: Optional[str] = None,
        allow_plaintext: bool = False,
    ) -> None:
        self._settings = Settings.read(dns, http, zone, token, ca_file, allow_plaintext)
        self._registry = RegistryClient(self._settings)
        self._is_closed = False
        self._begin()
        _meshes.add(self)

    def _begin(self) -> None:
        settings = self._settings
        self._counters = Counters()
        client = DNSClient(settings.servers, self._counters)
        self._discovery = Discovery(client, settings.zone, self._counters)
        self._calls = Calls(self._discovery, self._counters)
        self._registrar = Registrar(self._registry, self._counters)

    def add_service(self, service: Service) -> None:
        """Registers each instance of the service, and keeps it registered from then on.

        It is in DNS when this returns. Who adds an instance again replaces it. Raises RegistryError
        when the registry refuses it, or does not answer for 2 seconds and more; then nothing is
        kept. Later failures are logged, and tried again until they succeed.
        """
        self._check_open()
        if not isinstance(service, Service):
            raise InvalidArgument("add_service takes a Service, like Service('web', '10.0.0.1:80')")
        self._registrar.add(service)
        self._discovery.expect_change(service.name)

    def remove_service(
        self, service: Union[Service, str], drain: bool = True, wait: float = 0
    ) -> bool:
        """Takes the instances out of service: those of a Service, or by name all added here.

        With `drain` they are in no answer from now on, and gone when the last answer with them has
        run out (TTL + 1 second, mostly 6): serve requests until then. `wait` says how many seconds
        to wait for that at most. Without `drain` they are deregistered at once.

        Tells whether they are gone, or somebody else has registered their ids. Raises
        InvalidArgument if none was added, or RegistryError after all instances were tried; a
        registry that is silent is given up after 5 seconds. What it was not told ends with its
        lease.
        """
        self._check_open()
        if isinstance(service, Service):
            own = {instance.lower() for instance in service.registrations}
            keys = [key for key in self._registrar.keys(service.name) if key[1] in own]
        else:
            keys = self._registrar.keys(check_service(service))
        if not keys:
            raise InvalidArgument(f"{service!r} was not added here, or was removed already")
        try:
            return self._registrar.remove(keys, drain, wait)
        finally:
            self._discovery.expect_change(keys[0][0])

    def resolve(self, name: str) -> Tuple[Endpoint, ...]:
        """The live instances of a service, sorted: lowest priority number first, then by name.

        Those of a named port are `_admin._tcp.web`, those with a tag `v2.tag.web`. Raises
        LookupFailed (NoSuchService, NoInstances), within 2 seconds.
        """
        self._check_open()
        return self._discovery.endpoints(check_callee(name))

    def call(
        self,
        caller: str,
        callee: str,
        path: str = "/",
        method: str = "GET",
        body: Any = None,
        headers: Optional[Mapping[str, str]] = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        deadline: float = DEADLINE,
        idempotent: Optional[bool] = None,
    ) -> Response:
        """Sends an HTTP request to the instance of the callee whose turn it is.

        caller: the service that calls; the field `Rollcall-Caller` tells the callee.
        path: with the query, percent-encoded.
        body: bytes, text (UTF-8), or a dict or list, which is sent as JSON; at most 64 MiB.
        timeout: seconds for a try, from the connection to the last octet.
        retries: how many tries may follow the first one, 0 to 20, at instances that were not tried
            as long as there are any.
        deadline: seconds for the whole call, its look-up and pauses included.
        idempotent: whether the request may be carried out twice; None: by its method (GET, HEAD,
            OPTIONS, TRACE, PUT, DELETE). Others are tried again only if they surely were not sent.

        Any status is a response. Raises InvalidArgument, LookupFailed or CallFailed (CallTimedOut).
        """
        self._check_open()
        return self._calls.carry_out(
            Request.of(
                caller, callee, path, method, body, headers, timeout, retries, deadline, idempotent
            )
        )

    @property
    def counters(self) -> Dict[str, int]:
        """What was done so far, by name; the numbers only grow."""
        return self._counters.snapshot()

    def close(self) -> None:
        """Deregisters what was added, within 3 seconds, and closes connections. Can be repeated."""
        if not self._is_closed:
            self._is_closed = True
            self._registrar.close()
            self._calls.close()

    def __enter__(self) -> "ServiceMesh":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise MeshError("this ServiceMesh is closed; make another one")


def _begin_in_child() -> None:
    """Locks may have been held, and threads are gone."""
    for mesh in list(_meshes):
        mesh._begin()


os.register_at_fork(after_in_child=_begin_in_child)
