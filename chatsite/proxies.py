"""Who asks, and how: ``X-Forwarded-For`` and ``-Proto`` are believed from the proxies that the settings name, only.

After this the scope says the client's own address and scheme, so nothing behind it reads those headers again; ``proxy``
is the address of the one that was believed.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SECURE = {"http": "https", "ws": "wss"}


class BehindProxies:
    """Middleware for requests and sockets."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self._trusted = networks(settings.PROXIES)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._trusted and self._trusts((scope.get("client") or ("",))[0]):
            scope = {**scope, **self._told(scope), "proxy": scope["client"][0]}
        await self.application(scope, receive, send)

    def _told(self, scope: Any) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if address := self._first_stranger(_values(scope, b"x-forwarded-for")):
            told["client"] = (address, 0)
        said = _values(scope, b"x-forwarded-proto")
        if said and said[-1].lower() in {"https", "wss"}:
            told["scheme"] = SECURE.get(scope["scheme"], scope["scheme"])
        return told

    def _first_stranger(self, chain: list[str]) -> str:
        """From the right, as each proxy adds who asked it: the first that is none of ours. Left of it is hearsay."""
        for said in reversed(chain):
            if not self._trusts(said):
                return said if _address(said) else ""
        return chain[0] if chain else ""

    def _trusts(self, said: str) -> bool:
        address = _address(said)
        return address is not None and any(address in network for network in self._trusted)


def networks(said: list[str]) -> tuple[Network, ...]:
    """Raises ImproperlyConfigured for what is neither an address nor a network."""
    try:
        return tuple(ip_network(one) for one in said)
    except ValueError as error:
        example = "Give addresses or networks of the proxies, with commas: 127.0.0.1,10.0.0.0/8."
        raise ImproperlyConfigured(f"CHATSITE_PROXIES={','.join(said)!r}: {error}. {example}") from error


def _values(scope: Any, name: bytes) -> list[str]:
    """What a header says, of several lines one after the other."""
    lines = [value.decode("latin-1") for given, value in scope["headers"] if given == name]
    return [part for line in lines for one in line.split(",") if (part := one.strip())]


def _address(said: str) -> Address | None:
    try:
        found = ip_address(said)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
