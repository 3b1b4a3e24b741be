"""What others wrote: for whoever may read it, where the site lets anybody, with a reason and an entry."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from audit.models import Entry
from conversations.refusals import Refused
from exports.jobs import asking, work
from exports.jobs.selection import Selection
from exports.jobs.wishes import WishForm
from exports.models import ExportJob
from exports.reading import pseudonym
from tests.exports.jobs.conftest import Make, files, wish
from tests.exports.many import said

pytestmark = pytest.mark.django_db


@pytest.fixture
def admins_read(settings: Any) -> None:
    settings.ADMINS_READ = True


def records(job: ExportJob) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files(job)["conversations.jsonl"].splitlines()]


def of(*people: User) -> Selection:
    return Selection(people=tuple(person.pk for person in people))


@pytest.mark.usefixtures("admins_read")
def test_an_administrator_takes_them_with_a_reason_and_an_entry(
    alice: User, bob: User, grace: User, make: Make
) -> None:
    said(alice, "Hers", "Yes")
    said(bob, "His", "Yes")
    said(grace, "My own", "Yes")
    said(alice, "Of a program", kind="api")
    job = make(grace, selection=of(alice), reason="A subpoena")
    (record,) = records(job)
    assert record["messages"][0]["text"] == "Hers"
    assert record["owner"] == pseudonym(alice.pk)
    entry = Entry.objects.latest("pk")
    assert (entry.action, entry.actor_id) == ("export.asked", grace.pk)
    assert entry.details == {
        "people": [alice.pk],
        "groups": [],
        "everyone": False,
        "knowledge": False,
        "form": "jsonl",
        "reason": "A subpoena",
    }
    (named,) = records(make(grace, selection=of(alice), reason="Names are needed", named=True))
    assert named["owner"] == "alice"


@pytest.mark.usefixtures("admins_read")
def test_a_group_is_all_of_its_people(alice: User, bob: User, mallory: User, grace: User, make: Make) -> None:
    team = Group.objects.create(name="Team")
    team.user_set.add(alice, bob)
    for person in (alice, bob, mallory):
        said(person, f"Of {person}", "Yes")
    job = make(grace, selection=Selection(groups=(team.pk,), people=(alice.pk,)), reason="Why not")
    assert {record["owner"] for record in records(job)} == {pseudonym(alice.pk), pseudonym(bob.pk)}
    assert job.conversations == 2


def test_nobody_takes_them_where_the_site_does_not_say_so(alice: User, grace: User, bob: User, settings: Any) -> None:
    for person, allowed in ((grace, False), (bob, True)):
        settings.ADMINS_READ = allowed
        with pytest.raises(Refused, match="may_not_export_others"):
            asking.ask(person, wish(selection=of(alice), reason="Because"))
        with pytest.raises(Refused, match="may_not_export_others"):
            asking.make_schedule(
                person, wish(selection=of(alice), reason="Because"), "day", only_changes=True, delivers=False
            )
    assert not ExportJob.objects.exists()


@pytest.mark.usefixtures("admins_read")
def test_without_a_reason_there_is_none(alice: User, grace: User) -> None:
    with pytest.raises(Refused, match="reason"):
        asking.ask(grace, wish(selection=of(alice), reason=" "))
    form = WishForm({"form": "jsonl", "people": "alice"}, user=grace)
    assert not form.is_valid()
    assert form.errors.keys() == {"reason"}


def test_a_right_that_was_taken_back_ends_it(alice: User, grace: User, settings: Any) -> None:
    said(alice, "Hers", "Yes")
    settings.ADMINS_READ = True
    job = asking.ask(grace, wish(selection=of(alice), reason="Because"))
    settings.ADMINS_READ = False
    work.make_waiting()
    job.refresh_from_db()
    assert (job.state, job.problem) == (ExportJob.State.FAILED, "rights")


def test_a_right_that_was_taken_back_gives_no_file(alice: User, grace: User, make: Make, settings: Any) -> None:
    said(alice, "Hers", "Yes")
    settings.ADMINS_READ = True
    job = make(grace, selection=of(alice), reason="Because")
    before = Entry.objects.count()
    asking.note_download(grace, job)
    assert Entry.objects.latest("pk").action == "export.taken"
    settings.ADMINS_READ = False
    with pytest.raises(Refused, match="may_not_export_others"):
        asking.note_download(grace, job)
    assert Entry.objects.count() == before + 1


def test_the_form_of_others_is_only_for_them(alice: User, grace: User, settings: Any) -> None:
    said_of_others = {"people", "group", "named", "reason"}
    settings.ADMINS_READ = True
    assert said_of_others <= WishForm(user=grace).fields.keys()
    assert not said_of_others & WishForm(user=alice).fields.keys()
    form = WishForm({"form": "jsonl", "people": "grace", "reason": "x"}, user=alice)
    assert form.is_valid()
    assert form.wish().selection == {}, "what is not asked is not read"
    settings.ADMINS_READ = False
    assert not said_of_others & WishForm(user=grace).fields.keys()


def test_own_exports_are_nobodys_business(alice: User, make: Make) -> None:
    said(alice, "Hers", "Yes")
    before = Entry.objects.count()
    asking.note_download(alice, make(alice))
    assert Entry.objects.count() == before
