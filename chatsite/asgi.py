"""The site as ASGI: Django for requests, Channels for sockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django_application = get_asgi_application()  # before anything below, which needs the apps to be loaded

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from chatsite.bodies import BoundedBodies  # noqa: E402
from chatsite.headers import SafeHeaders  # noqa: E402
from chatsite.origin import OwnOriginOnly  # noqa: E402
from chatsite.proxies import BehindProxies  # noqa: E402
from chatsite.static_files import StaticFiles  # noqa: E402
from conversations.urls import websocket_urlpatterns  # noqa: E402

application = BehindProxies(
    ProtocolTypeRouter(
        {
            "http": StaticFiles(SafeHeaders(BoundedBodies(django_application))),
            "websocket": OwnOriginOnly(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
        }
    )
)
