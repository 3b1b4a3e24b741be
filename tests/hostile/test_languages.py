"""What is rendered on a database thread speaks the language of the person it is for."""

import pytest
from django.test import AsyncClient
from django.utils import translation

from accounts.models import User
from conversations.database import in_database
from inference.model import Model
from tests.conversations.talk import say, settle

pytestmark = pytest.mark.django_db(transaction=True)


async def test_work_on_the_database_speaks_the_callers_language(no_connections_left: None) -> None:
    with translation.override("zh-hans"):
        assert await in_database(translation.get_language) == "zh-hans"
    assert await in_database(translation.get_language) == "en"


async def test_page_and_news_are_in_the_persons_language(model: Model, alice: User, no_connections_left: None) -> None:
    sent = await in_database(say, alice)
    await in_database(settle, sent, "stopped")
    client = AsyncClient()
    client.cookies["django_language"] = "zh-hans"
    await client.aforce_login(alice)
    page = (await client.get(f"/c/{sent.conversation.pk}/")).content.decode()
    news = (await client.get(f"/c/{sent.conversation.pk}/news")).json()["html"]
    with translation.override("zh-hans"):
        stopped = translation.gettext("Stopped.")
    assert stopped != "Stopped."
    assert '<html lang="zh-hans"' in page
    assert stopped in page
    assert stopped in news
