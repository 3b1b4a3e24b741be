"""What a person may paste, and what a model may say to the page."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.people import ask, connected, finished, signed_in
from tests.sites import Site

pytestmark = pytest.mark.browser

EVIL = """@echo=true @tokens=0 @rate=2000 </title><script>window.pwned=1</script>

<img src=x onerror=window.pwned=2> [a](javascript:window.pwned=3) ![b](https://evil.example/b.png)
<svg onload=window.pwned=4>

```"><script>window.pwned=5</script>
</code></pre><script>window.pwned=6</script>
```

| <b onclick=window.pwned=7> | [c](JaVaScRiPt:window.pwned=8) |
|---|---|
| <iframe src="//evil.example"></iframe> | [d](//evil.example) |
"""
TRAPS = ".message :is(img, script, iframe, object, embed, form, [style], [onclick], [onerror], [onload])"


@pytest.fixture
def page(browser: Browser, scripted_site: Site) -> Page:
    page = signed_in(browser, scripted_site, scripted_site.admin)
    connected(page)
    return page


def test_half_a_character_is_sent_as_its_replacement(page: Page) -> None:
    page.evaluate(
        """() => {
            const field = document.getElementById("prompt");
            field.value = "@tokens=2 half \\ud83d of it";
            field.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    page.press("#prompt", "Enter")
    finished(page)
    expect(page.locator('.message[data-role="user"]').last).to_contain_text("half \ufffd of it")


def test_nothing_a_model_says_is_run_or_fetched(page: Page) -> None:
    outside: list[str] = []
    page.on("request", lambda request: outside.append(request.url) if "evil" in request.url else None)
    ask(page, EVIL)
    finished(page)
    for _ in range(2):
        assert page.evaluate("window.pwned") is None
        assert page.locator(TRAPS).count() == 0
        links = page.eval_on_selector_all(".message a", "all => all.map(link => link.getAttribute('href'))")
        assert set(links) <= {"https://evil.example/b.png"}
        page.reload()
        finished(page)
    assert outside == []


def test_the_policy_runs_no_script_of_the_page_itself(page: Page) -> None:
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.pwned = 1";
            const image = document.createElement("div");
            image.innerHTML = '<img src="/nothing" onerror="window.pwned = 2">';
            document.body.append(script, image);
        }"""
    )
    page.wait_for_timeout(500)
    assert page.evaluate("window.pwned") is None


def test_another_language_keeps_the_conversation_and_its_reply(page: Page) -> None:
    ask(page, "@tokens=40 @rate=40 in mid-reply")
    page.wait_for_url("**/c/**")
    talk = page.url
    page.click("details.person summary")
    page.click("button[name=language][value=zh-hans]")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    finished(page)
    assert page.url == talk
    page.click("details.person summary")
    page.click("button[name=language][value=en]")  # the account keeps it, for other tests too
    expect(page.locator("html")).to_have_attribute("lang", "en")
