"""The web process (``python -m chatsite.serve``): uvicorn, or daphne where CHATSITE_SERVER says so.

Both bound headers, frames and idle connections (daphne: 16 kB of headers, a minute). What ``chatsite.patience`` and
``chatsite.bodies`` do besides holds for uvicorn alone: daphne reads all of a body, however large or slow, before it
calls the site. It is for comparison, or behind a proxy that bounds both.
"""

import os
import resource

import uvicorn
from django.conf import settings
from django.utils.module_loading import import_string

from chatsite import uploads
from chatsite.patience import Patient
from inference.serving import models
from inference.tokenizers import warm

LARGEST_FRAME = 1_048_576
GRACE_SECONDS = 5


def main() -> None:
    """A socket takes a file descriptor: as many as the system lets this process have, not as few as it begins with."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    serve = {"uvicorn": with_uvicorn, "daphne": with_daphne}[settings.SERVER]
    uploads.keep_in(settings.DATA_DIR)
    for model in models():
        warm(model)
    serve(settings.BIND, settings.PORT)


def with_uvicorn(host: str, port: int) -> None:
    uvicorn.run(
        "chatsite.asgi:application",
        host=host,
        port=port,
        loop="uvloop",
        http=Patient,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


def with_daphne(host: str, port: int) -> None:
    # Importing daphne installs a Twisted reactor on a new event loop, which uvicorn's process has no use for.
    from daphne.endpoints import build_endpoint_description_strings  # noqa: PLC0415
    from daphne.server import Server  # noqa: PLC0415

    Server(
        import_string("chatsite.asgi.application"),
        endpoints=build_endpoint_description_strings(host=host, port=port),
        websocket_max_message_size=LARGEST_FRAME,
        websocket_max_frame_size=LARGEST_FRAME,
        application_close_timeout=GRACE_SECONDS,
        server_name="chatsite",
    ).run()


if __name__ == "__main__":
    main()
