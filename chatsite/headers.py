"""What every answer tells a browser, also one that no middleware of Django's saw: the API's, one before Django."""

from typing import Any

from csp.utils import build_policy
from django.conf import settings

Pairs = tuple[tuple[bytes, bytes], ...]

# Nothing in the page asks for any of these; a script that got in should not either.
UNUSED = ("camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment", "serial", "usb")
OURS_ONLY = (b"cross-origin-resource-policy", b"same-origin")
NOTHING_RUNS = (b"content-security-policy", b"default-src 'none';frame-ancestors 'none'")
NO_GUESSING = (b"x-content-type-options", b"nosniff")


def hsts() -> Pairs:
    """Empty where the site is not reached over HTTPS."""
    seconds: int = settings.SECURE_HSTS_SECONDS
    return ((b"strict-transport-security", b"max-age=%d" % seconds),) if seconds else ()


class SafeHeaders:
    """Adds to each answer of an application what it lacks of them; what it says itself stays."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self._wanted: Pairs = (
            OURS_ONLY,
            NO_GUESSING,
            (b"content-security-policy", build_policy().encode("ascii")),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"permissions-policy", ",".join(f"{feature}=()" for feature in UNUSED).encode("ascii")),
            (b"referrer-policy", settings.SECURE_REFERRER_POLICY.encode("ascii")),
            (b"x-frame-options", settings.X_FRAME_OPTIONS.encode("ascii")),
            *hsts(),
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def say(event: dict[str, Any]) -> None:
            if event["type"] == "http.response.start":
                said = {name.lower() for name, _ in event["headers"]}  # Django's have capitals
                event = {**event, "headers": [*event["headers"], *(one for one in self._wanted if one[0] not in said)]}
            await send(event)

        await self.application(scope, receive, say)
