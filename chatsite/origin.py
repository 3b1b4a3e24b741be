"""Who may open a socket: pages of this site only. A cookie alone would let any page a person visits open one."""

from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host


class OwnOriginOnly:
    """Refuses, with 403, a handshake whose Origin is neither the site's own nor one of ``CSRF_TRUSTED_ORIGINS``."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        if len(said) == 1 and self._is_ours(said[0], host):
            await self.application(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close"})  # a server that was not told to accept answers 403

    def _is_ours(self, origin: str, host: str) -> bool:
        if origin in settings.CSRF_TRUSTED_ORIGINS:
            return True
        known = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
        return known and origin in ({f"https://{host}"} if settings.HTTPS else {f"http://{host}", f"https://{host}"})
