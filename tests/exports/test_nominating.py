"""Marking a reply for the knowledge base: its owner only, said what it means first, and taken back without a trace."""

from typing import Any

import pytest

from accounts.models import User
from audit.models import Entry
from conversations import shelf
from conversations.branches import erase
from conversations.models import Edit, Message, Nomination
from conversations.models.nomination import Judgement
from conversations.services import Sent
from conversations.tree import Tree
from exports import reviewing
from exports.reviewing import Verdict
from limits import restraints
from tests.conversations.browsing import Browse
from tests.conversations.talk import reply_of, say, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


@pytest.fixture
def sent(alice: User) -> Sent:
    """A reply to Alice that has ended."""
    sent = say(alice, "Alice's secret question")
    settle(sent, text="a secret answer")
    return sent


def mark(browse: Browse, user: User | None, sent: Sent, *, marked: Any = True) -> Any:
    return browse(user).post(f"/replies/{sent.reply}/knowledge/", {"marked": marked})


def form(browse: Browse, user: User, sent: Sent) -> str:
    return str(browse(user).get(f"/replies/{sent.reply}/knowledge/").content.decode())


def test_before_marking_it_says_who_will_see_what(alice: User, sent: Sent, browse: Browse) -> None:
    assert "Reviewers will see this question and reply, with your name" in form(browse, alice, sent)
    assert "secret" not in form(browse, alice, sent)
    assert not Nomination.objects.exists()


def test_a_mark_is_kept_once_and_shown_wherever_the_reply_is(alice: User, sent: Sent, browse: Browse) -> None:
    for _ in range(2):
        answer = mark(browse, alice, sent)
        assert answer.status_code == 200
        assert 'data-mark="Marked for the knowledge base: waits for review"' in answer.content.decode()
    assert Nomination.objects.get().reply_id == sent.reply
    page = browse(alice).get(sent.conversation.url).content.decode()
    assert '<p class="facts" data-nominated>Marked for the knowledge base: waits for review</p>' in page
    assert "Take the mark back" in browse(alice).get(f"/replies/{sent.reply}/details/").content.decode()


def test_a_mark_is_taken_back_with_all_that_reviewers_made_of_it(
    alice: User, grace: User, sent: Sent, browse: Browse
) -> None:
    mark(browse, alice, sent)
    one = Nomination.objects.get()
    verdict = Verdict(Judgement.APPROVED, 0, "a better answer")
    reviewing.decide(grace, one.pk, verdict)
    for _ in range(2):
        assert 'name="marked" value="1"' in mark(browse, alice, sent, marked=False).content.decode()
    assert not Nomination.objects.exists()
    assert not Edit.objects.exists()
    assert reply_of(sent).text == "a secret answer"
    actions = list(
        Entry.objects.filter(action__startswith="nomination.").order_by("pk").values_list("action", flat=True)
    )
    assert actions == ["nomination.created", "nomination.approved", "nomination.withdrawn"]
    assert "answer" not in str(list(Entry.objects.values()))


def test_nobody_marks_or_sees_the_mark_of_a_reply_to_somebody_else(
    alice: User, bob: User, grace: User, sent: Sent, browse: Browse
) -> None:
    for other in (bob, grace):
        assert mark(browse, other, sent).status_code == 404
        assert browse(other).get(f"/replies/{sent.reply}/knowledge/").status_code == 404
    assert mark(browse, None, sent).status_code == 401
    assert not Nomination.objects.exists()
    mark(browse, alice, sent)
    assert mark(browse, bob, sent, marked=False).status_code == 404
    assert Nomination.objects.exists()


@pytest.mark.parametrize("marked", [None, 1, "true", [], {}])
def test_what_is_no_mark_is_refused_by_name(alice: User, sent: Sent, browse: Browse, marked: Any) -> None:
    answer = mark(browse, alice, sent, marked=marked)
    assert (answer.status_code, answer.json()["detail"]) == (400, "marked must be true or false.")


@pytest.mark.parametrize(
    ("state", "text"), [("blocked", "An ans"), ("failed", "An"), ("queued", ""), ("complete", " \n")]
)
def test_what_cannot_be_good_is_not_marked(alice: User, browse: Browse, state: str, text: str) -> None:
    sent = say(alice)
    Message.objects.filter(pk=sent.reply).update(state=state, text=text)
    answer = mark(browse, alice, sent)
    assert answer.status_code == 422
    assert "Only a reply that has ended, and says something" in answer.content.decode()
    assert "knowledge base" not in browse(alice).get(f"/replies/{sent.reply}/details/").content.decode()


def test_who_is_suspended_is_signed_out_and_the_mark_stays(
    alice: User, grace: User, sent: Sent, browse: Browse
) -> None:
    mark(browse, alice, sent)
    restraints.suspend(alice, None, "", by=grace)
    assert mark(browse, alice, sent, marked=False).status_code == 401
    assert Nomination.objects.count() == 1


def test_what_the_person_asked_is_no_reply(alice: User, sent: Sent, browse: Browse) -> None:
    assert browse(alice).post(f"/replies/{sent.message}/knowledge/", {"marked": True}).status_code == 404


def test_in_the_trash_it_is_nobody_s_and_erased_it_is_gone(
    alice: User, grace: User, sent: Sent, browse: Browse
) -> None:
    mark(browse, alice, sent)
    shelf.trash(alice, frozenset({sent.conversation.pk}))
    assert not reviewing.queue(grace).exists()
    with pytest.raises(Nomination.DoesNotExist):
        reviewing.exchange(grace, Nomination.objects.get().pk)
    assert mark(browse, alice, sent).status_code == 422
    shelf.restore(alice, frozenset({sent.conversation.pk}))
    assert reviewing.queue(grace).exists()
    erase(alice, sent.message)
    assert not Nomination.objects.exists()


def test_the_person_reads_what_became_of_it(alice: User, grace: User, sent: Sent, browse: Browse) -> None:
    mark(browse, alice, sent)
    one = Nomination.objects.get()
    declined = Verdict(Judgement.DECLINED, 0, "a secret answer", "It is out of <date>.")
    reviewing.decide(grace, one.pk, declined)
    shown = form(browse, alice, sent)
    assert "Not taken into the knowledge base" in shown
    assert "It is out of &lt;date&gt;." in shown
    reviewing.decide(grace, one.pk, Verdict(Judgement.APPROVED, 1, "a secret answer"))
    assert 'data-mark="In the knowledge base"' in form(browse, alice, sent)
    assert "out of" not in form(browse, alice, sent)


def test_a_page_asks_no_more_for_it(alice: User, sent: Sent, django_assert_num_queries: Any) -> None:
    nodes = Tree(sent.conversation.pk)
    with django_assert_num_queries(1):
        messages = nodes.messages(nodes.nodes())
        assert [one.nominated for one in messages] == ["", ""]
