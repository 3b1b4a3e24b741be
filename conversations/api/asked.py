"""A request for a completion, read and checked: OpenAI's words in, ours out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

import orjson
from django.conf import settings
from django.http import HttpRequest

from accounts.models import ApiKey
from conversations.api import fields, messages
from conversations.api.errors import DENIED, SAID, ApiError, wrong
from conversations.api.fields import Body
from conversations.calls import Call
from conversations.models.parameters import Effort
from conversations.parameters import MOST_TOKENS, Chosen, Once
from conversations.services import Draft

MOST_STOPS, LONGEST_STOP = 4, 256
LONGEST_KEY = 255
SEEDS = 2**63
KNOWN = ("model", "temperature", "top_p", "max_tokens", "stop", "seed", "stream", "stream_options")


@dataclass(frozen=True, slots=True)
class Form:
    """What is particular to one address: the fields it knows, and how it says what is asked."""

    known: frozenset[str]
    said: Callable[[Body], messages.Said]
    said_in: str  # the field


CHAT = Form(frozenset({*KNOWN, SAID, "max_completion_tokens", "reasoning_effort"}), messages.read, SAID)
TEXT = Form(frozenset({*KNOWN, "prompt"}), messages.read_prompt, "prompt")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be completed, how, and how it is to be told. ``digest`` is of the request as it came."""

    said: messages.Said
    said_in: str
    chosen: Chosen
    once: Once
    streams: bool
    tells_usage: bool
    idempotency: str
    digest: str

    def draft(self, key: ApiKey, time: int = 0) -> Draft:
        """What is sent in the name of the key's person. ``time`` counts answers that came to nothing under one
        ``Idempotency-Key``."""
        named = f"{key.user_id} {key.saves} {time} {self.idempotency}"
        conversation = uuid5(NAMESPACE_OID, named) if self.idempotency else uuid4()
        call = Call(conversation, self.said.earlier, self.once, key.saves)
        client_id = self._message(conversation)
        return Draft(client_id, self.said.question, parameters=self.chosen, call=call)

    def _message(self, conversation: UUID) -> UUID:
        """Another body under the same key is another message, which is refused."""
        return uuid5(conversation, self.digest)


def read(request: HttpRequest, key: ApiKey, form: Form) -> Asked:
    """Raises ApiError, which says what was wrong and what is allowed."""
    given, digest = body(request)
    fields.check_known(given, form.known)
    model = fields.text(given, "model")
    if not key.allows_model(model):
        message = f"This key may not use {model[:100]}; it may use {', '.join(key.models)}."
        raise ApiError(403, message, kind=DENIED, code="model_not_allowed", param="model")
    options = fields.inner(given, "stream_options")
    said = form.said(given)
    return Asked(
        said=said,
        said_in=form.said_in,
        chosen=_chosen(given, model, said.instructions),
        once=_once(given),
        streams=fields.truth(given, "stream"),
        tells_usage=fields.truth(options, "include_usage", "stream_options.include_usage"),
        idempotency=idempotency(request),
        digest=digest,
    )


def body(request: HttpRequest) -> tuple[Body, str]:
    if request.content_type != "application/json":
        message = "The body must be JSON: send Content-Type: application/json."
        raise ApiError(415, message, code="unsupported_media_type")
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    raw = request.read(most + 1)
    if len(raw) > most:
        raise ApiError(413, f"The body has more than the {most} bytes that are allowed.", code="body_too_large")
    try:
        given = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ApiError(400, f"The body is not JSON: {error.msg} ({where}).", code="invalid_json") from error
    if not isinstance(given, dict):
        raise ApiError(400, "The body must be one JSON object.", code="invalid_json")
    return given, hashlib.sha256(raw).hexdigest()


def _chosen(given: Body, model: str, instructions: str) -> Chosen:
    return Chosen(
        model=model,
        instructions=instructions,
        temperature=fields.number(given, "temperature", 0, 2),
        top_p=fields.number(given, "top_p", 0.01, 1),
        max_tokens=_max_tokens(given),
        effort=fields.one_of(given, "reasoning_effort", tuple(Effort.values)),
    )


def _max_tokens(given: Body) -> int | None:
    """By either name."""
    new = fields.whole(given, "max_completion_tokens", 1, MOST_TOKENS)
    old = fields.whole(given, "max_tokens", 1, MOST_TOKENS)
    if None not in {new, old} and new != old:
        raise wrong("max_tokens", "max_tokens is the old name of max_completion_tokens: send one of them.")
    return old if new is None else new


def _once(given: Body) -> Once:
    stop = fields.texts(given, "stop", MOST_STOPS, LONGEST_STOP)
    return Once(stop, fields.whole(given, "seed", -SEEDS, SEEDS - 1), whole=True)


def idempotency(request: HttpRequest) -> str:
    """What a program says so that what it sends again is done once. Raises ApiError."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY:
        raise ApiError(400, f"Idempotency-Key may have {LONGEST_KEY} characters at most.", code="invalid_value")
    return key
