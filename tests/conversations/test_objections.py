"""Reporting a reply and asking for the review of a block: once each, by the person whom it concerns."""

from typing import Any

import pytest

from accounts.models import User
from conversations.services import Sent
from moderation import incidents
from moderation.matcher import Action, Finding
from moderation.models import Decision, Incident, Reason
from tests.conversations.browsing import Browse
from tests.conversations.talk import incident_of, say, settle, withhold

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def report(browse: Browse, user: User, sent: Sent, **said: Any) -> int:
    return int(browse(user).post(f"/replies/{sent.reply}/report/", said).status_code)


def test_the_dialogs_offer_every_reason_to_who_is_signed_in(alice: User, browse: Browse) -> None:
    words = browse(alice).get("/objections/").content.decode()
    assert all(f'value="{reason}"' in words for reason in Reason.values)
    assert browse(None).get("/objections/").status_code == 401


def test_a_report_is_an_incident_for_moderators(alice: User, browse: Browse) -> None:
    sent = say(alice)
    reply = settle(sent)
    assert report(browse, alice, sent, reason="wrong", note=" It never was in Paris. ") == 202
    incident = Incident.objects.get()
    assert (incident.message, incident.conversation, incident.model) == (sent.reply, sent.conversation.pk, reply.model)
    assert (incident.reason, incident.said, incident.user) == ("wrong", "It never was in Paris.", alice)
    assert (incident.is_report, incident.state) == (True, Decision.OPEN)


def test_reporting_again_changes_nothing(alice: User, browse: Browse) -> None:
    sent = say(alice)
    settle(sent)
    assert report(browse, alice, sent, reason="wrong", note="first") == 202
    assert report(browse, alice, sent, reason="private", note="second") == 202
    assert [(one.reason, one.said) for one in Incident.objects.all()] == [("wrong", "first")]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"reason": "boring"},
        {"reason": None},
        {"reason": ["wrong"]},
        {"reason": "wrong", "note": 5},
        {"reason": "wrong", "note": "x" * 2001},
        [],
        "wrong",
    ],
)
def test_a_report_that_says_nothing_of_use_is_refused(alice: User, browse: Browse, said: Any) -> None:
    sent = say(alice)
    settle(sent)
    answer = browse(alice).post(f"/replies/{sent.reply}/report/", said)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert not Incident.objects.exists()


def test_an_appeal_is_kept_with_the_block_and_only_the_first(alice: User, browse: Browse) -> None:
    sent = say(alice)
    withhold(sent)
    for words in (" That was a quotation. ", "And another thing"):
        assert browse(alice).post(f"/incidents/{incident_of(sent)}/appeal/", {"text": words}).status_code == 202
    assert [(one.appeal, one.is_appealed) for one in Incident.objects.all()] == [("That was a quotation.", True)]


def test_an_appeal_for_a_reply_finds_the_block_among_other_findings(alice: User, browse: Browse) -> None:
    sent = say(alice)
    reply = withhold(sent)
    flagged = Finding(rule=8, action=Action.FLAG, dry_run=False, start=0, end=2, excerpt="…")
    tried = Finding(rule=9, action=Action.BLOCK, dry_run=True, start=0, end=2, excerpt="…")
    about: dict[str, Any] = {"conversation": reply.conversation_id, "message": reply.pk}
    incidents.record([flagged, tried], where="reply", user_id=alice.pk, **about)
    assert browse(alice).post(f"/replies/{sent.reply}/appeal/", {"text": "It is harmless."}).status_code == 202
    assert list(Incident.objects.appealed().values_list("rule", flat=True)) == [7]


@pytest.mark.parametrize("said", [{}, {"text": " "}, {"text": 5}, {"text": "x" * 2001}, None])
def test_an_appeal_needs_words(alice: User, browse: Browse, said: Any) -> None:
    sent = say(alice)
    withhold(sent)
    for path in (f"/incidents/{incident_of(sent)}/appeal/", f"/replies/{sent.reply}/appeal/"):
        assert browse(alice).post(path, said).status_code == 400
    assert not Incident.objects.appealed().exists()


def test_only_what_was_blocked_can_be_appealed(alice: User, browse: Browse) -> None:
    sent = say(alice)
    settle(sent)
    assert report(browse, alice, sent, reason="other") == 202
    for path in (f"/incidents/{Incident.objects.get().pk}/appeal/", f"/replies/{sent.reply}/appeal/"):
        assert browse(alice).post(path, {"text": "Why?"}).status_code == 404
