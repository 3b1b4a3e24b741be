"""The doors of sharing: the dialog, the link, the lists, going on, and what a stranger learns: nothing."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Message, Share
from tests.conversations.browsing import Browse
from tests.limits.stories import policy
from tests.sharing.stories import past, shared, talked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

WISH: dict[str, Any] = {"audience": "team", "people": [], "days": 7, "reasoning": False}


def token_of(answer: Any) -> str:
    found = re.fullmatch(r"http://testserver/s/([\w-]{22})/", answer.json()["url"])
    assert found
    return found[1]


# --- The dialog -------------------------------------------------------------------------------------------------------


def test_the_dialog_leads_to_a_link_that_colleagues_read(alice: User, bob: User, browse: Browse) -> None:
    sent = talked(alice)
    path = f"/c/{sent.conversation.pk}/share/"
    dialog = browse(alice).get(path).content.decode()
    assert 'value="30" selected' in dialog
    assert "is open" not in dialog
    answer = browse(alice).post(path, WISH)
    assert answer.status_code == 201
    page = browse(bob).get(f"/s/{token_of(answer)}/")
    assert page.status_code == 200
    assert "A <em>bitter</em> one." in page.content.decode()
    assert "1 link to this conversation is open" in browse(alice).get(path).content.decode()


def test_people_are_chosen_by_name(alice: User, bob: User, mallory: User, browse: Browse) -> None:
    sent = talked(alice)
    wish = {**WISH, "audience": "people", "people": ["Bob"], "days": None, "reasoning": True, "tip": sent.reply}
    token = token_of(browse(alice).post(f"/c/{sent.conversation.pk}/share/", wish))
    assert [browse(one).get(f"/s/{token}/").status_code for one in (bob, mallory)] == [200, 404]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"audience": "world"}, "team, people"),
        ({"audience": None}, "audience"),
        ({"people": "bob"}, "people"),
        ({"people": [5]}, "people"),
        ({"people": ["x" * 255]}, "254"),
        ({"days": 2}, "1, 7, 30"),
        ({"days": True}, "days"),
        ({"days": "7"}, "days"),
        ({"reasoning": "yes"}, "reasoning"),
        ({"tip": "newest"}, "tip"),
    ],
)
def test_what_makes_no_sense_is_said(alice: User, browse: Browse, wrong: dict[str, Any], named: str) -> None:
    sent = talked(alice)
    answer = browse(alice).post(f"/c/{sent.conversation.pk}/share/", {**WISH, **wrong})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert named in answer.json()["detail"]
    assert not Share.objects.exists()


def test_a_refusal_says_why_and_keeps_what_was_typed(alice: User, browse: Browse) -> None:
    sent = talked(alice)
    path = f"/c/{sent.conversation.pk}/share/"
    answer = browse(alice).post(path, {**WISH, "audience": "people", "people": ["Nobody"]})
    assert answer.status_code == 422
    assert answer.json()["unknown"] == ["Nobody"]
    assert answer.json()["detail"] == "There is no colleague called Nobody."
    policy(alice, may_share=False)
    assert browse(alice).post(path, WISH).json()["code"] == "may_not_share"
    dialog = browse(alice).get(path).content.decode()
    assert "You may not share conversations here." in dialog
    assert "audience" not in dialog


def test_nobody_shares_what_is_not_theirs(alice: User, bob: User, browse: Browse) -> None:
    sent = talked(alice)
    path = f"/c/{sent.conversation.pk}/share/"
    for user, status in ((bob, 404), (None, 401)):
        assert browse(user).get(path).status_code == status
        assert browse(user).post(path, WISH).status_code == status
    Conversation.objects.update(trashed_at=timezone.now())
    assert browse(alice).get(path).status_code == 404
    assert not Share.objects.exists()


def test_suggestions_are_names_without_addresses(alice: User, bob: User, browse: Browse) -> None:
    User.objects.filter(pk=bob.pk).update(first_name="Robert", last_name="Tables")
    answer = browse(alice).get("/colleagues/?q=Ro")
    assert answer.json() == {"people": [{"name": "bob", "full_name": "Robert Tables"}]}
    for short in ("", "r", " r "):
        refused = browse(alice).get(f"/colleagues/?q={short}")
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
    assert browse(None).get("/colleagues/?q=ro").status_code == 401
    policy(alice, may_share=False)
    assert browse(alice).get("/colleagues/?q=Ro").json() == {"people": []}


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_page_says_who_shared_what_and_when_and_keeps_to_itself(alice: User, bob: User, browse: Browse) -> None:
    User.objects.filter(pk=alice.pk).update(first_name="Alice", last_name="<b>Liddell")
    sent = talked(alice, "What is <i>this</i>?")
    Message.objects.filter(pk=sent.reply).update(reasoning="Think *twice*.")
    share = shared(alice, bob, sent=sent, with_reasoning=True)
    answer = browse(bob).get(f"/s/{share.token}/")
    page = answer.content.decode()
    assert "Shared by Alice &lt;b&gt;Liddell," in page
    assert "What is &lt;i&gt;this&lt;/i&gt;?" in page
    assert "Think <em>twice</em>." in page
    assert "· Scripted" in page
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert {"private", "no-store"} <= set(answer.headers["Cache-Control"].split(", "))
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"\sstyle=|\son\w+=|<style", page)


def test_whoever_may_not_read_it_gets_what_nothing_gives(alice: User, bob: User, mallory: User, browse: Browse) -> None:
    open_one, expired = shared(alice, bob), past(shared(alice, bob))
    pages = [
        browse(user).get(f"/s/{token}/")
        for user, token in ((mallory, open_one.token), (bob, expired.token), (bob, "nothing"), (mallory, "x" * 22))
    ]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    signed_out = [browse(None).get(f"/s/{token}/") for token in (open_one.token, "nothing")]
    assert [page.status_code for page in signed_out] == [302, 302]
    assert signed_out[0].headers["Location"].startswith("/accounts/login/?next=/s/")


def test_a_reader_goes_on_from_the_page(alice: User, bob: User, browse: Browse) -> None:
    path = f"/s/{shared(alice, bob).token}/"
    page = browse(bob).get(path).content.decode()
    named = re.search(r'name="client_id" value="([^"]+)"', page)
    assert named
    answers = [browse(bob).submit(f"{path}continue/", client_id=named[1]) for _ in range(2)]
    talk = Conversation.objects.get(owner=bob)
    assert [(one.status_code, one.headers["Location"]) for one in answers] == [(302, talk.url)] * 2
    assert "bitter" in browse(bob).get(talk.url).content.decode()
    assert browse(bob).submit(f"{path}continue/", client_id="?").status_code == 302
    assert Conversation.objects.filter(owner=bob).count() == 2


def test_who_cannot_go_on_reads_why(alice: User, bob: User, mallory: User, browse: Browse) -> None:
    path = f"/s/{shared(alice, bob).token}/continue/"
    policy(bob, conversation_turns=1)
    answer = browse(bob).submit(path, client_id=str(uuid4()))
    assert answer.status_code == 422
    assert "more than the 1 turns" in answer.content.decode()
    assert browse(mallory).submit(path, client_id=str(uuid4())).status_code == 404
    assert browse(bob).get(path).status_code == 405


def test_ones_own_share_offers_no_copy(alice: User, browse: Browse) -> None:
    share = shared(alice)
    page = browse(alice).get(f"/s/{share.token}/").content.decode()
    assert "/continue/" not in page
    assert share.conversation.url in page


# --- The lists --------------------------------------------------------------------------------------------------------


def test_the_lists_say_what_is_shared_until_when(alice: User, bob: User, browse: Browse) -> None:
    for_bob, for_all, over = shared(alice, bob, days=7), shared(alice), past(shared(alice, bob))
    mine, his = (browse(one).get("/shares/").content.decode() for one in (alice, bob))
    for share in (for_bob, for_all):
        assert f"/s/{share.token}/" in mine
        assert f"/s/{share.token}/" in his
    assert over.token not in mine + his
    assert "until you revoke it" in mine
    assert "expired" in mine
    assert "for you" in his
    assert f"/shares/{for_bob.pk}/revoke/" in mine
    assert "/revoke/" not in his


def test_only_who_shares_revokes(alice: User, bob: User, browse: Browse) -> None:
    share = shared(alice, bob)
    path = f"/shares/{share.pk}/revoke/"
    assert browse(bob).submit(path).status_code == 404
    assert browse(None).submit(path).status_code == 302
    assert browse(alice).get(path).status_code == 405
    assert browse(bob).get(f"/s/{share.token}/").status_code == 200
    assert browse(alice).submit(path).headers["Location"] == "/shares/"
    assert browse(bob).get(f"/s/{share.token}/").status_code == 404
    assert "revoked" in browse(alice).get("/shares/").content.decode()
    assert browse(alice).submit(path).status_code == 302


def test_who_may_not_share_is_told_that_nobody_reads_it(alice: User, browse: Browse) -> None:
    shared(alice)
    policy(alice, may_share=False)
    assert "nobody can open these" in browse(alice).get("/shares/").content.decode()


def test_forms_need_the_pages_own_token(alice: User, bob: User, browse: Browse) -> None:
    share = shared(alice, bob)
    for user, path in ((alice, f"/shares/{share.pk}/revoke/"), (bob, f"/s/{share.token}/continue/")):
        assert browse(user, csrf=True).submit(path).status_code == 403
    assert browse(alice, csrf=True).post(f"/c/{share.conversation_id}/share/", WISH).status_code == 403


def test_a_character_that_no_database_takes_is_nobodys_name(alice: User, browse: Browse) -> None:
    sent = talked(alice)
    hers = browse(alice)
    assert hers.get("/colleagues/?q=a%00b").json() == {"people": []}
    wish = {**WISH, "audience": "people", "people": ["bo\x00b"]}
    assert hers.post(f"/c/{sent.conversation.pk}/share/", wish).json()["code"] == "unknown_people"
    assert hers.get("/s/a%00b/").status_code == 404
