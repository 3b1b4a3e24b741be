"""What is in a file becomes conversations of a person: whole, once, and nobody else's."""

import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from conversations.models import Conversation, Folder, Message, Rating, Tag
from conversations.shelf import names
from exports.imports.bounds import Bounds
from exports.imports.reports import Report
from exports.imports.running import bring_in
from limits.models import Policy
from moderation.models import Incident, Rule
from tests.conversations.talk import say, settle
from tests.exports.imports import samples

pytestmark = pytest.mark.django_db


def brought(user: User, *conversations: dict[str, Any], dry: bool = False) -> Report:
    return bring_in(user, io.BytesIO(samples.dumped(*conversations)), dry=dry)


def only(user: User) -> Conversation:
    return Conversation.objects.visible_to(user).get()


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.new, report.grown, report.unchanged, report.bad


def spoken(conversation: Conversation) -> list[tuple[str, str]]:
    return list(conversation.messages.values_list("role", "text"))


@pytest.mark.parametrize("make", [samples.chatgpt, samples.open_webui, samples.librechat, samples.native])
def test_what_was_imported_before_changes_nothing(alice: User, make: Any) -> None:
    assert counts(brought(alice, make())) == (1, 0, 0, 0)
    before = list(Message.objects.order_by("pk").values()), list(Conversation.objects.values())
    assert counts(brought(alice, make(), make())) == (0, 0, 2, 0)
    assert (list(Message.objects.order_by("pk").values()), list(Conversation.objects.values())) == before


@pytest.mark.parametrize("make", [samples.chatgpt, samples.open_webui, samples.librechat, samples.native])
def test_a_dry_run_tells_the_same_and_saves_nothing(alice: User, make: Any) -> None:
    told = brought(alice, make(), make(), dry=True)
    assert not Conversation.objects.exists()
    assert not Folder.objects.exists()
    assert told.told() == brought(alice, make(), make()).told()


def test_a_conversation_is_as_it_was_there(alice: User) -> None:
    brought(alice, samples.open_webui())
    conversation = only(alice)
    assert (conversation.title, conversation.titled_by) == ("Sums", "model")
    assert conversation.created_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert conversation.updated_at == conversation.archived_at == datetime.fromtimestamp(1_700_000_100, UTC)
    assert sorted(conversation.tags.values_list("name", flat=True)) == ["maths", "school"]
    assert conversation.instructions == "Be brief."
    assert conversation.length == 5
    assert conversation.tip
    assert conversation.tip.state == "failed"
    first = conversation.messages.get(model="deepseek-r1:8b")
    assert (first.text, first.reasoning, first.engine) == ("Yes.", "2 < 3\n\nCall of weather:\n\n18 C", "open-webui")
    assert (first.prompt_tokens, first.completion_tokens) == (12, 34)
    assert (first.rating.value, first.rating.note) == (1, "quick")
    assert first.indexed_at is None  # the index of the search finds it by this


def test_what_a_conversation_grew_by_is_added(alice: User) -> None:
    whole = samples.chatgpt()
    early = samples.without(whole, "q2", "a2")
    brought(alice, early)
    assert counts(brought(alice, whole, dry=True)) == (0, 1, 0, 0)
    report = brought(alice, whole)
    assert (counts(report), report.messages) == ((0, 1, 0, 0), 2)
    conversation = only(alice)
    assert conversation.length == 5
    assert [text for _role, text in spoken(conversation)][-2:] == ["Sure?", "Yes."]
    assert conversation.tip
    assert conversation.tip.text == "Yes."
    assert conversation.updated_at == datetime.fromtimestamp(1_700_000_900.5, UTC)


def test_what_was_said_here_meanwhile_stays_where_one_is(alice: User, model: object) -> None:
    whole = samples.chatgpt()
    brought(alice, samples.without(whole, "q2", "a2"))
    mine = say(alice, "And here?", only(alice))
    settle(mine)
    brought(alice, whole)
    conversation = only(alice)
    assert conversation.tip_id == mine.reply
    positions = list(conversation.messages.values_list("position", flat=True))
    assert positions == list(range(7))
    assert conversation.length == 7


def test_while_a_reply_is_written_nothing_is_added(alice: User, model: object) -> None:
    whole = samples.chatgpt()
    brought(alice, samples.without(whole, "q2", "a2"))
    say(alice, "And here?", only(alice))
    report = brought(alice, whole)
    assert [one.code for one in report.listed] == ["busy"]
    assert only(alice).length == 5


def test_what_is_in_the_trash_stays_there(alice: User) -> None:
    brought(alice, samples.chatgpt())
    Conversation.objects.update(trashed_at=datetime.now(UTC))
    assert [one.code for one in brought(alice, samples.chatgpt()).listed] == ["trashed"]
    assert only(alice).trashed_at


def test_two_people_have_each_their_own(alice: User, bob: User) -> None:
    for make in (samples.chatgpt, samples.native):
        brought(alice, make())
        brought(bob, make())
    hers, his = (Conversation.objects.visible_to(one).values_list("pk", flat=True) for one in (alice, bob))
    assert len(hers) == len(his) == 2
    assert not set(hers) & set(his)
    parents = Message.objects.exclude(parent=None).values_list("conversation", "parent__conversation")
    assert all(child == parent for child, parent in parents)


def test_our_own_ids_are_kept_where_they_are_free(alice: User, bob: User) -> None:
    brought(alice, samples.native())
    assert str(only(alice).pk) == samples.native()["id"]
    brought(bob, samples.native())
    assert only(bob).pk != only(alice).pk
    assert spoken(only(bob)) == spoken(only(alice))
    assert counts(brought(bob, samples.native())) == (0, 0, 1, 0)


def test_nobody_adds_to_what_is_anothers(alice: User, mallory: User, model: object) -> None:
    """Mallory knows the ids of Alice's conversation and of her messages."""
    hers = say(alice, "Mine.")
    settle(hers)
    forged = samples.native()
    forged["id"], forged["messages"][0]["id"] = str(hers.conversation.pk), str(hers.message)
    forged["messages"][1]["parent"] = str(hers.message)
    brought(mallory, forged)
    assert spoken(only(alice)) == [("user", "Mine."), ("assistant", "An answer.")]
    assert only(mallory).length == 2
    assert Message.objects.visible_to(mallory).filter(parent__conversation__owner=alice).count() == 0


def test_a_conversation_of_the_api_is_not_touched(alice: User) -> None:
    kept = Conversation.objects.create(owner=alice, client_id=uuid4(), kind="api", title="")
    forged = samples.native() | {"id": str(kept.pk)}
    brought(alice, forged)
    assert kept.messages.count() == 0
    assert only(alice).length == 2


def test_folders_and_tags_are_found_by_name_or_made(alice: User) -> None:
    folder = Folder.objects.create(owner=alice, name="work")
    brought(alice, samples.native() | {"folder": "Work", "tags": ["new", "New"]})
    assert only(alice).folder == folder
    assert list(Tag.objects.values_list("name", flat=True)) == ["new"]


def test_without_room_for_a_folder_it_comes_without_one(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.imports.shelves.MOST", 1)
    Folder.objects.create(owner=alice, name="other")
    report = brought(alice, samples.native() | {"folder": "Work", "tags": ["a", "b"]})
    assert report.left_out == ["Work", "b"]
    assert only(alice).folder is None
    assert names.MOST == 100


def test_a_conversation_that_fails_leaves_nothing(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_rows: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(Rating.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError):
        brought(alice, samples.native())
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()


def test_longer_than_the_policy_allows_is_skipped(alice: User) -> None:
    Policy.objects.create(user=alice, conversation_turns=1)
    report = brought(alice, samples.chatgpt(), samples.native())
    assert [str(one) for one in report.listed] == ["It has 2 turns; you are allowed 1 in a conversation."]
    assert report.new == 1  # its branch has one


def test_more_messages_than_the_site_allows_are_skipped(alice: User, settings: Any) -> None:
    settings.IMPORT_MESSAGES = 3
    report = brought(alice, samples.chatgpt(), samples.open_webui(), samples.librechat(), samples.native())
    assert [one.code for one in report.listed] == ["too_many_messages"] * 3
    grown = samples.native()
    grown["messages"] = [{**one, "id": str(uuid4()), "parent": None} for one in grown["messages"]]
    assert [one.code for one in brought(alice, grown).listed] == ["too_many_messages"]


def test_a_blocked_word_does_not_come_in_and_is_on_record(alice: User) -> None:
    Rule.objects.create(name="Birds", words="penguins", action="block", scope="both", dry_run=False)
    for dry in (True, False):
        report = brought(alice, samples.chatgpt(), samples.native(), dry=dry)
        assert [(one.code, one.title) for one in report.listed] == [("blocked", "Penguins")]
    assert Incident.objects.count() == 1
    assert only(alice).title == "Tides"


def test_a_masked_word_comes_masked(alice: User) -> None:
    Rule.objects.create(name="Birds", words="seven", action="mask", scope="reply", dry_run=False)
    brought(alice, samples.chatgpt())
    assert "█████ penguins." in [text for _role, text in spoken(only(alice))]


def test_who_tries_out_the_rules_is_stopped(alice: User) -> None:
    Rule.objects.create(name="Birds", words="penguins", action="block", scope="both", dry_run=False)
    many = [samples.chatgpt() | {"conversation_id": str(number)} for number in range(30)]
    report = brought(alice, *many)
    assert report.bad == 20
    assert "more than 20" in report.trouble


def test_a_model_that_is_not_here_keeps_its_name(alice: User) -> None:
    brought(alice, samples.chatgpt())
    assert set(Message.objects.exclude(model="").values_list("model", flat=True)) == {"gpt-5", "gpt-5-thinking"}


def test_what_was_never_ended_is_stopped(alice: User) -> None:
    unfinished = samples.native()
    unfinished["messages"][1]["state"] = "writing"
    brought(alice, unfinished)
    assert only(alice).messages.get(position=1).state == "stopped"


def test_the_sites_limits_are_those_of_its_settings(settings: Any) -> None:
    settings.IMPORT_MB, settings.IMPORT_CONVERSATION_MB = 3, 2
    bounds = Bounds.of_site(7)
    assert (bounds.file, bounds.conversation, bounds.turns) == (3 << 20, 2 << 20, 7)


def test_a_report_survives_being_kept(alice: User) -> None:
    report = brought(alice, samples.chatgpt(), {"title": "What is this?"})
    assert Report.of(report.told()) == report
    assert next(iter(report.lines())).endswith("“What is this?”: Not a conversation of a program that is known here.")


def test_an_id_that_is_in_no_file_stays(alice: User) -> None:
    brought(alice, samples.native())
    assert only(alice).client_id != UUID(samples.native()["id"])
