"""What can go wrong, as exceptions: all are MeshError."""

from typing import Optional, Sequence, Tuple


class MeshError(Exception):
    """The base of every error of this package."""


class InvalidArgument(MeshError, ValueError):
    """An argument or a setting can't be right; nothing was done."""


class LookupFailed(MeshError):
    """DNS did not tell where a service is."""


class NoSuchService(LookupFailed):
    """The name does not exist (NXDOMAIN)."""


class NoInstances(LookupFailed):
    """The service exists, but has no live instance with a port now (NODATA)."""


class RegistryError(MeshError):
    """The registry refused a change, or could not be reached.

    `status` is the HTTP status, None if no reply came. `problem` is the last part of the problem's
    type (RFC 9457), such as `bad-field`; '' if there is none. `maybe_done` tells whether the change
    may have been carried out all the same.
    """

    def __init__(
        self,
        text: str,
        status: Optional[int] = None,
        problem: str = "",
        maybe_done: bool = False,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.problem = problem
        self.maybe_done = maybe_done

    @property
    def is_passing(self) -> bool:
        """Whether the same may succeed a little later."""
        return self.status is None or self.status == 429 or self.status >= 500


class CallFailed(MeshError):
    """No instance gave a reply.

    `tries` has a pair for each try: the instance that was asked, and what went wrong. `maybe_sent`
    tells whether an instance may have carried the request out.
    """

    def __init__(
        self, text: str, tries: Sequence[Tuple[str, str]] = (), maybe_sent: bool = False
    ) -> None:
        super().__init__(text)
        self.tries = tuple(tries)
        self.maybe_sent = maybe_sent


class CallTimedOut(CallFailed, TimeoutError):
    """No instance gave a reply in time."""
