"""A site full of what people said, for measuring the search: ``python -m chatsite.bench.said fill 1000000``,
``build`` or ``measure 20``. Runs with the settings of the benchmark's site and answers as JSON.
"""

import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import django

django.setup()

from django.db import connection, transaction  # noqa: E402 - the settings must be ready
from django.db.models import NOT_PROVIDED  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.template.loader import render_to_string  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from chatsite.bench import corpus  # noqa: E402
from chatsite.bench.figures import percentile  # noqa: E402
from conversations.models import Conversation, Folder, IndexEntry, Message  # noqa: E402
from conversations.search import index  # noqa: E402
from conversations.search.asked import Asked  # noqa: E402
from conversations.search.results import results  # noqa: E402

ONE, OTHERS = "one", tuple(f"other{number}" for number in range(10))
LENGTH = 100  # messages of a conversation
LATEST = timezone.now()
YEARS = timedelta(days=2 * 365)
TEXT = 400_000  # characters of each language, from which messages are cut
RARE_EVERY = 40_000  # messages


def _day(ago: int) -> str:
    return (LATEST - timedelta(days=ago)).date().isoformat()


QUERIES: dict[str, dict[str, str]] = {
    "a rare word": {"q": "quokka"},
    "a common word": {"q": "the"},
    "a beginning": {"q": "retu"},
    "two characters": {"q": "字段"},
    "four characters": {"q": "这个字段"},
    "two words": {"q": "return value"},
    "a phrase": {"q": '"the value of"'},
    "a word of a month": {"q": "the", "since": _day(330), "until": _day(300)},
    "a word of a folder": {"q": "value", "role": "assistant", "folder": ""},
    "a word nobody said": {"q": "zzyzx"},
}


def fill(messages: int) -> int:
    """So many messages of one person over two years, and of ten others a hundredth each.

    Exits when the database has people in it.
    """
    if User.objects.filter(is_superuser=False).exists():
        sys.exit("This database has people in it. A benchmark needs an empty one.")
    says = _sayings(random.Random(messages))  # noqa: S311 - the same words each time
    keys = itertools.count(1)
    for name, share in {**dict.fromkeys(OTHERS, 100), ONE: 1}.items():
        owner = User.objects.create(username=name, email=f"{name}@localhost")
        conversations = max(2, messages // share // LENGTH)
        for number in range(conversations):
            _converse(next(keys), owner, LATEST - YEARS * (1 - number / conversations), says)
        folder = Folder.objects.create(owner=owner, name="A hundredth")
        mine = Conversation.objects.filter(owner=owner).order_by("pk").values_list("pk", flat=True)
        Conversation.objects.filter(pk__in=list(mine[: max(1, conversations // 100)])).update(folder=folder)
    return Message.objects.count()


def _sayings(chance: random.Random) -> Iterator[str]:
    """Two of three English, of about 300 characters each, with two words that few others say."""
    texts = (corpus.english(TEXT), corpus.english(TEXT), corpus.chinese(TEXT))
    number = 0
    while True:
        number += 1
        text = chance.choice(texts)
        begin, length = chance.randrange(TEXT), min(3000, int(chance.expovariate(1 / 300)) + 20)
        odd = ["".join(chance.choices(corpus.SYLLABLES, k=4)) for _ in range(2)]
        yield " ".join([text[begin : begin + length], *odd, *(["quokka"] if number % RARE_EVERY == 7 else [])])


def _converse(number: int, owner: User, at: datetime, says: Iterator[str]) -> None:
    key = UUID(int=number << 96)
    conversation = Conversation(
        pk=key, owner=owner, client_id=key, title=next(says)[:50], created_at=at, updated_at=at, length=LENGTH
    )
    conversation.tip_id = UUID(int=key.int + LENGTH - 1)
    names, empty = _empty(conversation)
    rows = []
    for place in range(LENGTH):
        own = {
            "id": UUID(int=key.int + place),
            "parent_id": UUID(int=key.int + place - 1) if place else None,
            "position": place,
            "role": ("user", "assistant")[place % 2],
            "model": ("", "bench")[place % 2],
            "text": next(says),
            "created_at": at + timedelta(minutes=place),
            "indexed_at": at,
        }
        rows.append([_stored(own[name]) if name in own else value for name, value in zip(names, empty, strict=True)])
    with transaction.atomic(), connection.cursor() as cursor:
        conversation.save(force_insert=True)
        columns, places = ", ".join(names), ", ".join(["%s"] * len(names))
        cursor.executemany(f"INSERT INTO conversations_message ({columns}) VALUES ({places})", rows)  # noqa: S608


def _empty(conversation: Conversation) -> tuple[list[str], list[Any]]:
    """Columns of a message, and what each holds where nothing is said."""
    fields = [
        one for one in Message._meta.concrete_fields if one.db_default is NOT_PROVIDED or one.name == "created_at"
    ]
    empty = Message(conversation=conversation, created_at=LATEST)
    return [str(one.column) for one in fields], [
        one.get_db_prep_save(getattr(empty, one.attname), connection) for one in fields
    ]


def _stored(value: Any) -> Any:
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def build() -> dict[str, float]:
    """Index all of it: messages a second, and megabytes."""
    before, began, done = _size_mb(), time.monotonic(), 0
    after: UUID | None = None
    while ids := index.again(after, 500):
        done, after = done + len(ids), ids[-1]
    took = time.monotonic() - began
    index.catch_up(3600)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {
        "indexed_messages": done,
        "indexed_messages_per_s": done / took,
        "texts_mb": before,
        "index_mb": _size_mb() - before,
        "entries": IndexEntry.objects.count(),
    }


def _size_mb() -> float:
    size = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        "postgresql": "SELECT pg_database_size(current_database())",
    }
    with connection.cursor() as cursor:
        cursor.execute(size[connection.vendor])
        return float(cursor.fetchone()[0]) / 1e6


def measure(times: int) -> list[dict[str, Any]]:
    """Each query so many times, by the one and by another: all that the server does for it but HTTP."""
    rows: list[dict[str, Any]] = []
    for name in (ONE, OTHERS[5]):
        person = User.objects.get(username=name)
        own = Message.objects.filter(conversation__owner=person).count()
        folder = str(Folder.objects.get(owner=person).pk)
        for query, given in QUERIES.items():
            rows.append({"own_messages": own, "query": query, **_measured(person, _filled(given, folder), times)})
    return rows


def _filled(given: dict[str, str], folder: str) -> QueryDict:
    return QueryDict(urlencode({name: value or folder for name, value in given.items()}))


def _measured(person: User, given: QueryDict, times: int) -> dict[str, Any]:
    took: list[float] = []
    used = time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        found = results(person, Asked.read(given))
        render_to_string("conversations/search_results.html", {"results": found, "page": 1})
        took.append((time.perf_counter() - began) * 1000)
    return {
        "first_ms": took[0],
        "ms_min": min(took),
        "cpu_ms_mean": (time.process_time() - used) / times * 1000,
        "ms_p50": percentile(took, 0.5),
        "ms_p95": percentile(took, 0.95),
        "shown": len(found.shown),
        "words": found.words,
    }


def main(verb: str, *arguments: str) -> Any:
    verbs: dict[str, Callable[..., Any]] = {"fill": fill, "build": build, "measure": measure}
    return verbs[verb](*map(int, arguments))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
