"""Calls of the HTTP API: register, renew, drain, deregister."""

import http.client
import json
import socket
import ssl
import urllib.parse
from typing import Any, Dict, Optional, Tuple

from .errors import InvalidArgument, RegistryError
from .settings import Settings

LARGEST_REPLY = 1_024 * 1_024  # octets
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
        return self._send("PUT", key, "", body, timeout)

    def renew(self, key: Key, timeout: float) -> None:
        """Raises RegistryError with status 404 if the registry does not know the instance."""
        self._send("POST", key, "/renew", None, timeout)

    def drain(self, key: Key, timeout: float, is_waiting: bool = False) -> None:
        """With `is_waiting` the reply comes when the instance is gone."""
        self._send("POST", key, "/drain" + ("?wait=true" if is_waiting else ""), None, timeout)

    def deregister(self, key: Key, timeout: float) -> None:
        self._send("DELETE", key, "", None, timeout)

    def _send(
        self, method: str, key: Key, action: str, body: Optional[Dict[str, Any]], timeout: float
    ) -> Dict[str, Any]:
        """Raises RegistryError, also when a socket is silent for `timeout` seconds."""
        service, instance = (urllib.parse.quote(part, safe="") for part in key)
        path = f"/v1/services/{service}/instances/{instance}{action}"
        fields, octets = dict(self._fields), None
        if method != "DELETE":
            fields["Content-Type"] = "application/json"
        if body is not None:
            try:
                octets = json.dumps(body, allow_nan=False).encode()
            except (TypeError, ValueError) as error:
                raise InvalidArgument(f"{key[0]}: can't be written as JSON: {error}") from None
        connection = self._connection(timeout)
        try:
            connection.request(method, path, octets, fields)
            reply = connection.getresponse()
            content = reply.read(LARGEST_REPLY)
        except ssl.SSLCertVerificationError as error:
            raise self._unreachable(
                f"its certificate is not trusted ({error.verify_message}); ROLLCALL_CA_FILE names"
                " the authority that signed it"
            ) from None
        except socket.timeout:
            raise self._unreachable(f"no reply within {timeout:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise self._unreachable(f"{reason}; {self._advice(error)}") from None
        finally:
            connection.close()
        if not 200 <= reply.status < 300:
            raise self._refusal(key, reply.status, content)
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

    def _unreachable(self, reason: str) -> RegistryError:
        return RegistryError(f"the registry {self._url} can't be reached: {reason}")

    def _refusal(self, key: Key, status: int, content: bytes) -> RegistryError:
        """With the problem's own words (RFC 9457)."""
        problem = _object(content)
        told = problem.get("detail") or problem.get("title") or "it does not say why"
        advice = f"; {_ADVICE[status]}" if status in _ADVICE else ""
        return RegistryError(
            f"the registry {self._url} refuses {key[0]}/{key[1]} ({status}): {told}{advice}",
            status,
            str(problem.get("type", "")).rpartition(":")[2],
        )


def _object(content: bytes) -> Dict[str, Any]:
    """The JSON object that the octets are, empty if they are none."""
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
