"""Rating a reply and asking what it took: its owner only, and nothing is kept that was not asked for."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from conversations.details import details_of, rate
from conversations.models import Message, Rating
from conversations.models.rating import Fault
from conversations.services import Sent
from conversations.tree import Tree
from tests.conversations.browsing import Browse
from tests.conversations.talk import reply_of, say, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


@pytest.fixture
def sent(alice: User) -> Sent:
    """A reply to Alice that has ended."""
    sent = say(alice, "Alice's secret question")
    settle(sent, text="a secret answer")
    return sent


def press(browse: Browse, user: User | None, sent: Sent, **said: Any) -> Any:
    return browse(user).post(f"/replies/{sent.reply}/rating/", said)


# --- Ratings ----------------------------------------------------------------------------------------------------------


def test_a_press_is_saved_at_once_and_changed_by_the_next(alice: User, sent: Sent, browse: Browse) -> None:
    for value in (1, -1, -1, 1):
        assert press(browse, alice, sent, value=value).status_code == 202
        assert Rating.objects.get().value == reply_of(sent).rated == value
    for _ in range(2):
        assert press(browse, alice, sent, value=0).status_code == 202
        assert not Rating.objects.exists()
    assert reply_of(sent).rated == 0


def test_reasons_and_a_note_go_with_a_bad_rating_only(alice: User, sent: Sent, browse: Browse) -> None:
    press(browse, alice, sent, value=-1, reasons=["long", "wrong", "long"], note="  It never\x00 was in Paris. ")
    rating = Rating.objects.get()
    assert (rating.reasons, rating.note) == (["wrong", "long"], "It never was in Paris.")
    press(browse, alice, sent, value=1, reasons=["wrong"], note="kept?")
    rating.refresh_from_db()
    assert (rating.value, rating.reasons, rating.note) == (1, [], "")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"value": 2},
        {"value": "1"},
        {"value": True},
        {"value": -1, "reasons": "wrong"},
        {"value": -1, "reasons": ["boring"]},
        {"value": -1, "reasons": [["wrong"]]},
        {"value": -1, "note": 5},
        {"value": -1, "note": "x" * 2001},
    ],
)
def test_what_is_no_rating_is_refused_by_name(alice: User, sent: Sent, browse: Browse, said: Any) -> None:
    answer = press(browse, alice, sent, **said)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert not Rating.objects.exists()


def test_a_reply_is_rated_when_it_has_ended(alice: User, browse: Browse) -> None:
    sent = say(alice)
    assert press(browse, alice, sent, value=1).status_code == 400
    Message.objects.filter(pk=sent.reply).update(state="stopped")
    assert press(browse, alice, sent, value=1).status_code == 202


def test_nobody_rates_a_reply_to_somebody_else(
    bob: User, mallory: User, grace: User, sent: Sent, browse: Browse
) -> None:
    for other in (bob, mallory, grace):
        assert press(browse, other, sent, value=-1).status_code == 404
        assert browse(other).get(f"/replies/{sent.reply}/details/").status_code == 404
    assert press(browse, None, sent, value=1).status_code == 401
    assert not Rating.objects.exists()


def test_what_a_person_said_is_no_reply(alice: User, sent: Sent, browse: Browse) -> None:
    assert browse(alice).post(f"/replies/{sent.message}/rating/", {"value": 1}).status_code == 404
    assert browse(alice).get(f"/replies/{sent.message}/details/").status_code == 404


def test_the_form_offers_every_reason(alice: User, browse: Browse) -> None:
    words = browse(alice).get("/ratings/").content.decode()
    assert all(f'value="{fault}"' in words for fault in Fault.values)
    assert browse(None).get("/ratings/").status_code == 401


def test_the_page_shows_a_rating_again(alice: User, sent: Sent, browse: Browse) -> None:
    press(browse, alice, sent, value=-1)
    page = browse(alice).get(sent.conversation.url).content.decode()
    shown = page[page.index(str(sent.reply)) : page.index("</article>", page.index(str(sent.reply)))]
    assert 'data-rate="-1" aria-pressed="true"' in shown
    assert 'data-rate="1" aria-pressed="false"' in shown


def test_ratings_are_loaded_with_the_messages(
    alice: User, sent: Sent, browse: Browse, django_assert_num_queries: Any
) -> None:
    press(browse, alice, sent, value=1)
    tree = Tree(sent.conversation.pk)
    for message in tree.messages(tree.nodes()):
        with django_assert_num_queries(0):
            assert message.rated == (message.role == "assistant")


def test_a_rating_goes_with_its_reply(alice: User, sent: Sent, browse: Browse) -> None:
    press(browse, alice, sent, value=1)
    Message.objects.filter(pk=sent.reply).delete()
    assert not Rating.objects.exists()


# --- Details ----------------------------------------------------------------------------------------------------------


def written(sent: Sent, **more: Any) -> Message:
    """The reply as a worker leaves it: 100 tokens in two seconds, the first after half a second."""
    began = timezone.now() - timedelta(minutes=5)
    fields: dict[str, Any] = {
        "created_at": began,
        "started_at": began + timedelta(milliseconds=100),
        "finished_at": began + timedelta(milliseconds=2500),
        "ttft_ms": 500,
        "prompt_tokens": 1234,
        "completion_tokens": 100,
        "attempt": 1,
    }
    Message.objects.filter(pk=sent.reply).update(**{**fields, **more})
    return reply_of(sent)


def test_details_say_what_a_reply_took(sent: Sent) -> None:
    reply = written(sent, options={"effort": "high", "temperature": 0.25, "instructions": "a secret order"})
    found = details_of(reply)
    assert dict(found.lines) == {
        "Model": "Scripted",
        "Tokens read": "1,234",
        "Tokens written": "100",
        "First word after": "0.50 s",
        "Speed": "50.0 tokens/s",
        "Took": "2.50 s",
        "Effort": "high",
        "Temperature": "0.25",
        "Instructions": "set",
    }
    assert (found.hand_overs, found.at) == ("", reply.finished_at)


@pytest.mark.parametrize(
    ("attempt", "words"),
    [(1, ""), (2, "Interrupted once, and continued."), (4, "Interrupted 3 times, and continued.")],
)
def test_hand_overs_are_told(sent: Sent, attempt: int, words: str) -> None:
    assert details_of(written(sent, attempt=attempt)).hand_overs == words


def test_what_is_not_known_is_not_told(alice: User) -> None:
    reply = reply_of(say(alice))
    assert details_of(reply).lines == [("Model", "Scripted")]
    assert rate(reply) is None


def test_speed_counts_what_this_reply_wrote_itself(sent: Sent) -> None:
    assert rate(written(sent, inherited_tokens=50)) == pytest.approx(25)
    assert rate(written(sent, completion_tokens=1)) is None
    assert rate(written(sent, ttft_ms=2500)) is None


def test_details_come_as_html_for_the_owner(alice: User, sent: Sent, browse: Browse) -> None:
    written(sent, options={"instructions": "a secret order"})
    answer = browse(alice).get(f"/replies/{sent.reply}/details/")
    words = answer.content.decode()
    assert (answer.status_code, "1,234" in words, "<time" in words) == (200, True, True)
    assert "secret" not in words
    assert browse(None).get(f"/replies/{sent.reply}/details/").status_code == 401
