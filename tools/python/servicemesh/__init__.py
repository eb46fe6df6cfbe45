"""Rollcall for Python programs: register services, find others by DNS, call them.

    from servicemesh import ServiceMesh
    from servicemesh.service import Service

    sm = ServiceMesh()
    sm.add_service(Service('service1', '127.0.0.1:8080'))
    sm.add_service(Service('service2', '127.0.0.1:8081'))
    result = sm.call('service1', 'service2')

It logs to `logging.getLogger('servicemesh')`.
"""

import logging

from .endpoint import Endpoint
from .errors import (
    CallFailed,
    CallTimedOut,
    InvalidArgument,
    LookupFailed,
    MeshError,
    NoInstances,
    NoSuchService,
    RegistryError,
)
from .mesh import ServiceMesh
from .response import Response
from .service import Service

__version__ = "0.1.0"
__all__ = [
    "CallFailed",
    "CallTimedOut",
    "Endpoint",
    "InvalidArgument",
    "LookupFailed",
    "MeshError",
    "NoInstances",
    "NoSuchService",
    "RegistryError",
    "Response",
    "Service",
    "ServiceMesh",
]

logging.getLogger("servicemesh").addHandler(logging.NullHandler())
