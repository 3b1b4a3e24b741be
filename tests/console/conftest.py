"""Console tests look anew: what a page remembers for some seconds is forgotten before each."""

import pytest

from console import banners, overview, recent, seen


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    for look in (banners.recent, overview.now, overview.fortnight):
        look.forget()
    monkeypatch.setattr(recent, "_last", {})
    monkeypatch.setattr(seen, "_last", [])
