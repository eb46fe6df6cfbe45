"""Calls of the HTTP API: register, renew, drain, deregister."""

import http.client
import json
import socket
import ssl
import urllib.parse
from typing import Any, Dict, List, Optional, Tuple

from .errors import InvalidArgument, RegistryError
from .settings import Settings

LARGEST_REPLY = 1_024 * 1_024  # octets
# Of the 50,000 and 16 MiB that a bulk call may have: so many registrations of 64 KiB fit.
MOST_AT_ONCE = 200
_ADVICE = {
    401: "set ROLLCALL_TOKEN to a valid token",
    403: "the token must have the scope 'write' and cover the service",
    421: "write the registry's own address in ROLLCALL_HTTP, or set its allowed_hosts",
}

# A service's name and an instance's id.
Key = Tuple[str, str]


class RegistryClient:
    """Opens a connection for each call. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.registry
        self._fields = {"Accept": "application/json"}
        if settings.token:
            self._fields["Authorization"] = f"Bearer {settings.token}"
        self._tls: Optional[ssl.SSLContext] = None
        if self._url.is_tls:
            try:
                self._tls = ssl.create_default_context(cafile=settings.ca_file)
            except OSError as error:
                raise InvalidArgument(
                    f"the certificates in {settings.ca_file!r} (ROLLCALL_CA_FILE) can't be read:"
                    f" {error}"
                ) from None

    def register(self, key: Key, body: Dict[str, Any], timeout: float) -> Dict[str, Any]:
        """The instance as it is stored."""
        return self._send("PUT", _path(key), _name(key), body, timeout)

    def register_all(
        self, bodies: Dict[Key, Dict[str, Any]], timeout: float
    ) -> List[Optional[RegistryError]]:
        """For each of MOST_AT_ONCE at most, in their order: None, or why it is not registered."""
        items = [{"service": key[0], "id": key[1], **body} for key, body in bodies.items()]
        return self._send_all("instances", list(bodies), items, timeout)

    def renew_all(self, keys: List[Key], timeout: float) -> List[Optional[RegistryError]]:
        """For each of MOST_AT_ONCE at most, in their order: None, or why it is not renewed, with
        status 404 if the registry does not know the instance.
        """
        items = [{"service": key[0], "id": key[1]} for key in keys]
        return self._send_all("renewals", keys, items, timeout)

    def drain(self, key: Key, timeout: float) -> None:
        self._send("POST", _path(key) + "/drain", _name(key), None, timeout)

    def is_draining(self, key: Key, timeout: float) -> bool:
        """Raises RegistryError with status 404 if the registry does not know the instance."""
        return self._send("GET", _path(key), _name(key), None, timeout).get("status") == "draining"

    def deregister(self, key: Key, timeout: float) -> None:
        self._send("DELETE", _path(key), _name(key), None, timeout)

    def _send_all(
        self, what: str, keys: List[Key], items: List[Dict[str, Any]], timeout: float
    ) -> List[Optional[RegistryError]]:
        """Raises RegistryError if there are no results."""
        reply = self._send("POST", f"/v1/{what}", f"the {what}", {what: items}, timeout)
        results = reply.get("results")
        if not isinstance(results, list) or len(results) != len(keys):
            raise RegistryError(
                f"the registry {self._url} does not tell the results of the {what}",
                maybe_done=True,
            )
        return [self._fault(key, result) for key, result in zip(keys, results)]

    def _fault(self, key: Key, result: Any) -> Optional[RegistryError]:
        told = result if isinstance(result, dict) else {}
        status, problem = told.get("status"), told.get("problem")
        if not isinstance(status, int):
            return self._refusal(_name(key), 500, {})
        if 200 <= status < 300:
            return None
        return self._refusal(_name(key), status, problem if isinstance(problem, dict) else {})

    def _send(
        self, method: str, path: str, about: str, body: Optional[Dict[str, Any]], timeout: float
    ) -> Dict[str, Any]:
        """Raises RegistryError, also when a socket is silent for `timeout` seconds."""
        fields, octets = dict(self._fields), None
        if method in ("POST", "PUT"):
            fields["Content-Type"] = "application/json"
        if body is not None:
            try:
                octets = json.dumps(body, allow_nan=False).encode()
            except (TypeError, ValueError) as error:
                raise InvalidArgument(f"{about}: can't be written as JSON: {error}") from None
        is_sent = False
        connection = self._connection(timeout)
        try:
            connection.connect()
            is_sent = True
            connection.request(method, path, octets, fields)
            reply = connection.getresponse()
            content = reply.read(LARGEST_REPLY)
        except ssl.SSLCertVerificationError as error:
            raise self._unreachable(
                f"its certificate is not trusted ({error.verify_message}); ROLLCALL_CA_FILE names"
                " the authority that signed it"
            ) from None
        except socket.timeout:
            raise self._unreachable(f"no reply within {timeout:g} s", is_sent) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise self._unreachable(f"{reason}; {self._advice(error)}", is_sent) from None
        finally:
            connection.close()
        if not 200 <= reply.status < 300:
            raise self._refusal(about, reply.status, _object(content))
        return _object(content)

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._url.host, self._url.port, timeout=timeout)
        return http.client.HTTPSConnection(
            self._url.host, self._url.port, timeout=timeout, context=self._tls
        )

    def _advice(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLError):
            return "if it speaks no TLS, write http:// in ROLLCALL_HTTP"
        if isinstance(error, http.client.RemoteDisconnected) and not self._url.is_tls:
            return "if it speaks TLS, write https:// in ROLLCALL_HTTP"
        return "does `rollcall serve` run there? ROLLCALL_HTTP says where"

    def _unreachable(self, reason: str, is_sent: bool = False) -> RegistryError:
        text = f"the registry {self._url} can't be reached: {reason}"
        return RegistryError(text, maybe_done=is_sent)

    def _refusal(self, about: str, status: int, problem: Dict[str, Any]) -> RegistryError:
        """With the problem's own words (RFC 9457)."""
        told = problem.get("detail") or problem.get("title") or "it does not say why"
        advice = f"; {_ADVICE[status]}" if status in _ADVICE else ""
        return RegistryError(
            f"the registry {self._url} refuses {about} ({status}): {told}{advice}",
            status,
            str(problem.get("type", "")).rpartition(":")[2],
            # A 503 is one before the change, unless it says that nobody knows.
            problem.get("outcome") == "unknown" or (status >= 500 and status != 503),
        )


def _name(key: Key) -> str:
    return "/".join(key)


def _path(key: Key) -> str:
    service, instance = (urllib.parse.quote(part, safe="") for part in key)
    return f"/v1/services/{service}/instances/{instance}"


def _object(content: bytes) -> Dict[str, Any]:
    """The JSON object that the octets are, empty if they are none."""
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
