"""The addresses of the API."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.models import ApiKey
from conversations.api import asked, offer, telling, wire
from conversations.api.answers import ChatCompletion, TextCompletion
from conversations.api.door import door
from conversations.api.errors import ApiError
from conversations.api.exchange import Exchange
from conversations.database import in_database


@door("models", "GET", "models")
async def models(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """The models that the key's person may use with it."""
    return wire.as_json({"object": "list", "data": await in_database(offer.models, key)})


@door("model", "GET", "models")
async def model(request: HttpRequest, key: ApiKey, name: str) -> HttpResponse:
    """One of them."""
    mine = {one["id"]: one for one in await in_database(offer.models, key)}
    if name not in mine:
        message = f"There is no model {name[:100]} here for this key; it may use {', '.join(mine) or 'none'}."
        raise ApiError(404, message, code="model_not_found", param="model")
    return wire.as_json(mine[name])


@door("chat_completions", "POST", "chat")
async def chat_completions(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """A reply to messages: whole, or as it is written."""
    return await _answer(key, asked.read(request, key, asked.CHAT), ChatCompletion)


@door("completions", "POST", "chat")
async def completions(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """The same in the older shape: the prompt is what a person says."""
    return await _answer(key, asked.read(request, key, asked.TEXT), TextCompletion)


async def _answer(key: ApiKey, wanted: asked.Asked, shape: type[ChatCompletion]) -> HttpResponseBase:
    exchange = Exchange(key, wanted)
    await exchange.begin()
    completion = shape(exchange.reply, wanted.chosen.model, tells_usage=wanted.tells_usage)
    headers = {**exchange.headers, "X-Request-Id": str(exchange.reply)}
    if wanted.streams:
        headers["X-Accel-Buffering"] = "no"
        pieces = telling.stream(exchange, completion)
        await anext(pieces)
        return wire.Stream(pieces, headers)
    return wire.as_json(await telling.whole(exchange, completion), headers=headers)
