"""A person's own usage: what is left, what each day and model took, as a page and as CSV; never another person's."""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from accounts.usage import _short
from limits.models import Usage
from tests.limits.stories import group, policy, reserve, settle, used

pytestmark = pytest.mark.django_db

PAGE, CSV = "/accounts/usage/", "/accounts/usage/days.csv"


def page(user: User | None, address: str = PAGE) -> str:
    client = Client()
    if user:
        client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def lines(user: User) -> list[dict[str, str]]:
    return list(csv.DictReader(page(user, CSV).removeprefix("\ufeff").splitlines()))


@pytest.mark.parametrize("address", [PAGE, CSV])
def test_who_is_not_signed_in_is_sent_to_sign_in(address: str) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address}")


@pytest.mark.parametrize("address", [PAGE, CSV])
def test_it_is_a_page_to_read(alice: User, address: str) -> None:
    client = Client()
    client.force_login(alice)
    assert client.post(address).status_code == 405


def test_everybody_sees_their_own_only(alice: User, bob: User, grace: User) -> None:
    policy(alice, tokens_per_day=5000)
    used(alice, 1234)
    hers = page(alice)
    assert "1,234" in hers
    assert "3,766 of 5,000 tokens left" in hers
    assert [int(line["tokens charged"]) for line in lines(alice)][-1] == 1234
    for other in (bob, grace):
        assert "1,234" not in page(other)
        assert "5,000" not in page(other)
        assert {line["tokens charged"] for line in lines(other)} == {"0"}
        assert "1,234" not in page(other, f"{PAGE}?user={alice.pk}")


def test_without_a_quota_it_says_so(alice: User) -> None:
    text = page(alice)
    assert text.count("no limit") == 2
    assert "<progress" not in text
    assert "Nothing yet" in text


def test_a_quota_is_shown_with_what_is_reserved_and_when_it_resets(alice: User) -> None:
    policy(alice, tokens_per_day=1000, tokens_per_month=9000, output_tokens=200)
    used(alice, 300)
    reserve(alice, 100)
    text = page(alice)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    assert "400 of 1,000 tokens left" in text
    assert "8,400 of 9,000 tokens left" in text
    assert '<progress max="1000" value="600"' in text
    assert (
        f'<time datetime="{tomorrow:%Y-%m-%d}T00:00:00+00:00" data-local>{tomorrow:%Y-%m-%d} 00:00 UTC</time>' in text
    )


def test_a_quota_of_nothing_is_a_full_bar(alice: User) -> None:
    policy(alice, tokens_per_day=0)
    assert '<progress max="1" value="1"' in page(alice)


def test_a_pool_is_said_to_be_the_groups(alice: User, bob: User) -> None:
    policy(group("team", alice, bob), tokens_per_month=1000, shared_pool=True)
    used(bob, 250)
    text = page(alice)
    assert "750 of 1,000 tokens left for your group" in text
    assert '<p class="figure">0 ' in text, "what Bob used is not hers"


def test_each_day_is_a_bar_and_a_line(alice: User) -> None:
    today = datetime.now(UTC).date()
    for age, tokens in ((0, 100), (3, 2000), (29, 300), (30, 7777)):
        Usage.objects.filter(reply=used(alice, tokens)).update(day=today - timedelta(days=age))
    text = page(alice)
    assert text.count("<rect") == 3
    assert f"<title>{(today - timedelta(days=3)).isoformat()}: tokens 2k</title>" in text
    assert "7.8k" not in text
    found = lines(alice)
    assert [found[-1 - age]["tokens charged"] for age in (0, 1, 3, 29)] == ["100", "0", "2000", "300"]
    assert (len(found), found[-1]["day"]) == (30, today.isoformat())


def test_each_model_is_a_row(alice: User) -> None:
    Usage.objects.filter(reply=used(alice, 1500)).update(model="<b>large</b>")
    used(alice, 20)
    text = page(alice)
    assert '<th scope="row">&lt;b&gt;large&lt;/b&gt;</th><td>1</td><td>1,500</td>' in text
    assert '<th scope="row">small</th><td>1</td><td>20</td>' in text


@pytest.mark.usefixtures("model")
def test_a_model_is_called_as_where_it_is_chosen(alice: User) -> None:
    for model in ("scripted", "gone"):
        Usage.objects.filter(reply=used(alice, 20)).update(model=model)
    text = page(alice)
    assert '<th scope="row">Scripted</th>' in text
    assert '<th scope="row">gone</th>' in text, "the catalog has it no more"


def test_replies_that_cost_nothing_are_counted_but_not_charged(alice: User) -> None:
    policy(alice, charge_failed=False)
    reply, _ = reserve(alice, 10)
    settle(reply, 10, 5, "failed")
    last = lines(alice)[-1]
    assert (last["replies"], last["tokens charged"]) == ("1", "0")


def test_the_file_is_named_after_its_days_and_kept_by_nobody(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    answer = client.get(CSV)
    today = datetime.now(UTC).date()
    name = f"usage-{(today - timedelta(days=29)).isoformat()}-{today.isoformat()}.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/csv; charset=utf-8", "no-store")


@pytest.mark.parametrize(
    ("tokens", "words"),
    [(0, "0"), (0.5, "0.5"), (999, "999"), (1000, "1k"), (1500, "1.5k"), (12_000, "12k"), (2_500_000, "2.5M")],
)
def test_ticks_are_short(tokens: float, words: str) -> None:
    assert _short(tokens) == words
