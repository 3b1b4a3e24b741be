"""The dashboard: its figures are those of the rows, cheap however many look, and each leads to the page behind it."""

import re
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Protocol
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from redis import Redis

from accounts.models import User
from console import overview
from console.roles import Role, give
from conversations.models import Message
from limits import restraints, tally
from moderation.models import Incident
from tests.console.ledger import days_ago, today, used
from tests.console.test_engines import speaks
from tests.conversations.talk import say
from tests.stores import OwnRedis

pytestmark = pytest.mark.usefixtures("model")


class CountQueries(Protocol):
    def __call__(self, number: int) -> AbstractContextManager[None]: ...


def incident(person: User, **more: Any) -> Incident:
    fields = {"where": "prompt", "rule": 1, "action": "block", "message": uuid4(), "user_name": person.username}
    return Incident.objects.create(user=person, **{**fields, **more})


def figures(client: Client) -> dict[str, str]:
    """What the page says, by label."""
    page = client.get("/admin/")
    assert page.status_code == 200
    return {figure.label: figure.value for figure in page.context["figures"]}


def test_what_people_used_today_is_counted(alice: User, bob: User) -> None:
    for person, day in ((alice, 0), (alice, 0), (bob, 0), (bob, 1), (bob, 6), (bob, 7)):
        used(person, 1000, 500, day=days_ago(day))
    used(alice, state="released")
    now, past = overview.now(), overview.fortnight()
    assert (now.today.people, now.today.replies, now.today.tokens) == (2, 3, 4500)
    assert past.people_in_7 == 2
    assert [(day.day, day.replies) for day in past.days if day.replies] == [
        (days_ago(7), 1),
        (days_ago(6), 1),
        (days_ago(1), 1),
        (today(), 3),
    ]
    assert len(past.days) == overview.DAYS
    assert past.days[0].day == days_ago(overview.DAYS - 1)


def test_refused_messages_are_counted_by_day(client: Client, grace: User) -> None:
    for code in ("quota_day", "quota_day", "blocked"):
        tally.count(code)
    assert overview.now().today.refusals == 3
    assert overview.fortnight().days[-1].refusals == 3
    client.force_login(grace)
    assert figures(client)["Messages refused today"] == "3"


def test_what_needs_somebody_is_counted(alice: User, bob: User, grace: User) -> None:
    incident(alice)
    incident(alice, state="confirmed", dry_run=True)
    incident(bob, where="reply")
    restraints.slow(alice, None, "", grace)
    restraints.suspend(alice, None, "", grace)
    restraints.suspend(bob, timezone.now() - timedelta(seconds=1), "", grace)
    now = overview.now()
    assert (now.open_incidents, now.blocked, now.restrained) == (2, 1, 1)
    assert overview.fortnight().days[-1].incidents == 2


def test_the_queue_and_the_workers_are_those_of_now(alice: User) -> None:
    speaks()
    speaks(name="worker-8@host", state="starting")
    first, _second = say(alice), say(alice)
    soon = timezone.now() + timedelta(seconds=5)
    Message.objects.filter(pk=first.reply).update(state="writing", attempt=1, lease_until=soon)
    now = overview.now()
    assert (now.writing, now.waiting, now.ready, now.workers) == (1, 1, 1, 2)


def test_one_look_serves_all_for_a_while(alice: User, django_assert_num_queries: CountQueries) -> None:
    overview.now()
    overview.fortnight()
    used(alice)
    with django_assert_num_queries(0):
        assert overview.now().today.replies == 0
        assert overview.fortnight().days[-1].replies == 0
    overview.now.forget()
    assert overview.now().today.replies == 1


def test_queries_do_not_grow_with_people_and_replies(
    alice: User, bob: User, django_assert_max_num_queries: CountQueries
) -> None:
    for person in (alice, bob):
        for day in range(10):
            used(person, day=days_ago(day))
    with django_assert_max_num_queries(14):
        overview.now()
        overview.fortnight()


def test_the_page_says_it_and_every_figure_leads_somewhere(client: Client, grace: User, alice: User) -> None:
    used(alice, 20_000, 4_000)
    speaks()
    client.force_login(grace)
    said = figures(client)
    assert said["People active today"] == "1"
    assert said["Replies today"] == "1"
    assert said["Tokens today"] == "24k"
    assert said["Workers ready"] == "1/1"
    html = client.get("/admin/").content.decode()
    links = re.findall(r'<dt><a href="([^"]+)"', html) + re.findall(r'class="to-page" href="([^"]+)"', html)
    assert len(links) >= len(said)
    for link in set(links):
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link


def test_each_role_sees_what_it_may_view(client: Client, alice: User) -> None:
    seen = {}
    for role in (Role.ADMIN, Role.MODERATOR, Role.AUDITOR):
        give(alice, role, by=None)
        client.force_login(User.objects.get(pk=alice.pk))
        seen[role] = set(figures(client))
    assert "Tokens today" in seen[Role.ADMIN] & seen[Role.AUDITOR]
    assert "Tokens today" not in seen[Role.MODERATOR]
    assert "People active today" not in seen[Role.MODERATOR]
    assert "Replies waiting" in seen[Role.MODERATOR]


def test_only_who_may_see_the_audit_log_sees_its_latest(client: Client, alice: User) -> None:
    for role, sees in ((Role.MODERATOR, False), (Role.AUDITOR, True)):
        give(alice, role, by=None)
        client.force_login(User.objects.get(pk=alice.pk))
        assert ("Person: role changed" in client.get("/admin/").content.decode()) is sees


def test_a_site_without_any_use_has_a_dashboard(client: Client, grace: User) -> None:
    client.force_login(grace)
    said = figures(client)
    assert (said["Replies today"], said["Half of replies begin within"]) == ("0", "–")


def test_without_redis_it_says_so(own_redis: OwnRedis, client: Client, grace: User) -> None:
    client.force_login(grace)
    own_redis.kill()
    assert "Redis does not answer" in client.get("/admin/").content.decode()
    own_redis.start()


def test_a_site_without_workers_asks_for_somebody(client: Client, grace: User, empty_redis: Redis) -> None:
    client.force_login(grace)
    asked = [figure.label for figure in client.get("/admin/").context["figures"] if figure.asks]
    assert asked == ["Workers ready"]
