"""The models page: what the catalog offers, what is served, by which workers."""

from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from inference import catalog, serving
from tests.console.test_engines import speaks
from tests.stores import OwnRedis

PAGE = "/admin/models/"

pytestmark = pytest.mark.usefixtures("model")


def test_all_of_the_catalog_is_there_and_the_served_one_first(client: Client, grace: User) -> None:
    client.force_login(grace)
    page = client.get(PAGE)
    offered = page.context["offered"]
    assert {one.model.name for one in offered} == {model.name for model in catalog.load(settings.CATALOG).models}
    assert [one.chosen for one in offered] == [True] + [False] * (len(offered) - 1)
    for one in offered:
        assert one.model.label in page.content.decode()
        assert f"{one.model.context_window:,}" in page.content.decode()


def test_workers_are_beside_the_model_they_hold(client: Client, grace: User) -> None:
    speaks(slots=4)
    speaks(name="worker-8@host", slots=2, state="rebuilding")
    client.force_login(grace)
    page = client.get(PAGE)
    first, *others = page.context["offered"]
    assert ([worker.name for worker in first.workers], first.slots) == (["worker-7@host", "worker-8@host"], 6)
    assert all(not one.workers and one.slots == one.model.slots for one in others)
    assert "worker-8@host: rebuilding" in page.content.decode()


def test_without_redis_the_catalog_is_still_shown(own_redis: OwnRedis, client: Client, grace: User) -> None:
    client.force_login(grace)
    own_redis.kill()
    page = client.get(PAGE).content.decode()
    assert "Redis does not answer" in page
    assert "scripted" in page
    own_redis.start()


def test_it_is_for_staff_and_for_reading_only(client: Client, alice: User, grace: User) -> None:
    client.force_login(alice)
    assert client.get(PAGE, follow=True).status_code == 403
    client.force_login(grace)
    assert client.post(PAGE).status_code == 405


def test_all_that_are_served_come_first_and_the_default_says_so(
    client: Client, grace: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = catalog.load(settings.CATALOG).models[0]
    other = replace(served, name="other", label="Other", description="For long texts.")
    monkeypatch.setattr(serving, "names", lambda: (served.name, "other"))
    monkeypatch.setattr(
        catalog, "load", lambda path: catalog.Catalog(path, (replace(other, name="idle"), other, served))
    )
    client.force_login(grace)
    page = client.get(PAGE)
    found = [(one.model.name, one.served, one.chosen) for one in page.context["offered"]]
    assert found == [(served.name, True, True), ("other", True, False), ("idle", False, False)]
    assert page.content.decode().count("answers unless another is picked") == 1
    assert "For long texts." in page.content.decode()
