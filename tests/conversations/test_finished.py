"""The HTML of finished messages that is kept: rendered once, by the message, and forgotten with it."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from conversations import shelf
from conversations.branches import erase
from conversations.markdown import finished, render
from conversations.models import Message
from tests.branches.stories import talk

TEXT = f"A[^1] {'word ' * 20}.\n\n[^1]: B."


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names under which something is rendered from now on."""
    names: list[str] = []

    def counted(text: str, scope: str) -> str:
        names.append(scope)
        return render(text, scope)

    monkeypatch.setattr(finished, "render", counted)
    return names


def is_kept(message: UUID) -> bool:
    return finished._kept.get(message.hex) is not None


def test_it_is_rendered_once_and_by_its_own_name(rendered: list[str]) -> None:
    one, two = uuid4(), uuid4()
    assert finished.html(TEXT, one) == finished.html(TEXT, one) == render(TEXT, one.hex)
    assert finished.html(TEXT, two) == render(TEXT, two.hex) != render(TEXT, one.hex)
    assert finished.html(TEXT, one, finished.REASONING) == render(TEXT, f"{one.hex}r")
    assert rendered == [one.hex, two.hex, f"{one.hex}r"]


def test_another_text_takes_the_place_of_the_first(rendered: list[str]) -> None:
    one = uuid4()
    finished.html("Half", one)
    assert "Half of it" in finished.html("Half of it", one)
    assert "Half of it" in finished.html("Half of it", one)
    assert rendered == [one.hex] * 2


def test_what_is_long_is_not_kept_and_of_the_rest_the_last(rendered: list[str]) -> None:
    one, first = uuid4(), uuid4()
    finished.html(TEXT * 100, one)
    finished.html("First", first)
    assert not is_kept(one)
    assert is_kept(first)
    for _ in range(finished.MOST + 1):
        finished.html("Another", uuid4())
    assert not is_kept(first)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("how", ["erase", "delete"])
def test_it_is_forgotten_with_its_message(alice: User, how: str) -> None:
    question, reply, other, _ = [*talk(alice, "one"), *talk(alice, "two")]
    Message.objects.filter(pk=reply.pk).update(reasoning="Thus")
    for message in Message.objects.all():
        assert message.html
        assert message.reasoning_html or message != reply
    ids = frozenset({reply.conversation_id})
    verbs: dict[str, list[Callable[[], object]]] = {
        "erase": [lambda: erase(alice, question.pk)],
        "delete": [lambda: shelf.trash(alice, ids), lambda: shelf.delete(alice, ids)],
    }
    for act in verbs[how]:
        act()
    assert not Message.objects.filter(pk=reply.pk).exists()
    assert not any(map(is_kept, (question.pk, reply.pk)))
    assert finished._kept.get(f"{reply.pk.hex}r") is None
    assert is_kept(other.pk)
