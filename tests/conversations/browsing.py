"""A person's browser without a page: requests to the site on the loop of a web process, in their session."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.http import StreamingHttpResponse
from django.test import AsyncClient

from accounts.models import User
from tests.tabs import cookie_of
from tests.web import Web

JSON = "application/json"


class Browser:
    """An answer is read whole, so a stream of events to the end of its reply."""

    def __init__(self, web: Web, user: User | None, *, csrf: bool = False) -> None:
        self._web = web
        self.client = AsyncClient(enforce_csrf_checks=csrf, raise_request_exception=False)
        self.client.cookies.load(cookie_of(user).decode())

    def get(self, path: str, **more: Any) -> Any:
        return self._web.run(self._whole("get", path, **more))

    def post(self, path: str, frame: Any = None, **more: Any) -> Any:
        body = frame if isinstance(frame, bytes) else orjson.dumps(frame, default=str)
        return self._web.run(self._whole("post", path, data=body, content_type=JSON, **more))

    def submit(self, path: str, **fields: str) -> Any:
        """Send a form of a page."""
        return self._web.run(self.client.post(path, fields))

    async def _whole(self, method: str, path: str, **more: Any) -> Any:
        response = await getattr(self.client, method)(path, **more)
        if isinstance(response, StreamingHttpResponse):
            response.whole = b"".join([chunk async for chunk in response])  # type: ignore[attr-defined]
        return response


Browse = Callable[..., Browser]


@pytest.fixture
def browse(web: Web) -> Browse:
    """Opens browsers: ``browse(alice)``."""
    return lambda user, **more: Browser(web, user, **more)
