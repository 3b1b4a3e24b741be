"""The states that the chat page can be in, each as a person comes to it."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.page.people import ECHO, ask, finished


def with_messages(page: Page) -> None:
    ask(page, ECHO.format(rate=2000))
    finished(page)


def while_a_reply_streams(page: Page) -> None:
    ask(page, ECHO.format(rate=15))
    expect(page.locator('[data-role="assistant"] [data-part="text"] h4')).to_be_visible()


def with_a_dialog(name: str) -> Callable[[Page], None]:
    def opened(page: Page) -> None:
        page.evaluate("name => { document.querySelector(`[data-dialog=${name}]`).click(); }", name)
        expect(page.locator(f"dialog#{name}")).to_be_visible()

    return opened


def reporting(page: Page) -> None:
    with_messages(page)
    page.locator("[data-report]").last.click()
    expect(page.locator("dialog#report")).to_be_visible()


def with_the_drawer_open(page: Page) -> None:
    if page.locator("[data-sidebar-open]").is_visible():
        page.locator("[data-sidebar-open]").click()
    page.locator(".person summary").click()
    expect(page.locator(".person-menu")).to_be_visible()


def with_the_menu_of_a_conversation(page: Page) -> None:
    with_messages(page)
    page.locator(".bar-menu-more summary").click()
    expect(page.locator(".bar-menu-more .menu")).to_be_visible()


def editing(page: Page) -> None:
    with_messages(page)
    page.locator("[data-edit]").last.click()
    expect(page.locator(".message textarea")).to_be_visible()


def erasing(page: Page) -> None:
    with_messages(page)
    page.locator("[data-erase]").last.click()
    expect(page.locator("#erasing")).to_be_visible()


def asking_for_a_review(page: Page) -> None:
    """As after a message that a rule blocked."""
    page.evaluate(
        """() => {
            const error = document.getElementById("composer-error");
            const review = error.querySelector("[data-appeal]");
            error.querySelector("[data-reason]").textContent = "No.";
            review.dataset.appeal = "1";
            error.hidden = review.hidden = false;
        }"""
    )
    page.click("#composer-error [data-appeal]")
    expect(page.locator("dialog#appeal")).to_be_visible()


def rating(page: Page) -> None:
    with_messages(page)
    page.locator('[data-rate="-1"]').last.click()
    page.locator(".why input").first.check()


def with_details(page: Page) -> None:
    with_messages(page)
    page.locator("[data-about] summary").last.click()
    expect(page.locator(".about-figures").last).to_be_visible()


def marked_for_the_knowledge_base(page: Page) -> None:
    with_messages(page)
    page.locator('[data-rate="1"]').last.click()
    page.locator("[name=marked]").click()
    expect(page.locator("[data-nominated]")).to_be_visible()


def waiting(page: Page) -> None:
    ask(page, "@rate=10 @tokens=2000")
    expect(page.locator("[data-stop]")).to_be_visible()
    ask(page, "And then?")
    expect(page.locator("#waiting [data-take-back]")).to_be_visible()


def waiting_after_a_stop(page: Page) -> None:
    waiting(page)
    page.click("[data-stop]")
    expect(page.locator("[data-send-now]")).to_be_visible()


def sharing(page: Page) -> None:
    with_messages(page)
    page.click("#more summary")
    page.click("[data-share]")
    page.locator("#share [value=people]").check()
    page.fill("#share-person", "bob")
    page.press("#share-person", "Enter")
    expect(page.locator("#share .chosen button")).to_be_visible()


def saving_as_a_file(page: Page) -> None:
    with_messages(page)
    page.locator(".bar-menu-more > summary").click()
    page.locator("[data-shelf-menu] [data-verb=export]").click()
    expect(page.locator("#export")).to_be_visible()


def shared(page: Page) -> None:
    sharing(page)
    page.click("#share [data-confirm]")
    expect(page.locator("#share [data-made]")).to_be_visible()


def setting_parameters(page: Page) -> None:
    page.click("#more summary")
    page.click("#more [data-parameters]")
    page.locator("#parameters details summary").click()
    page.click("#parameters [data-keep]")
    expect(page.locator("#keep-preset")).to_be_visible()


def begun_with_a_preset(page: Page) -> None:
    page.locator("[data-preset]").first.click()
    expect(page.locator("[data-preset][aria-pressed=true]")).to_be_visible()


def choosing_a_prompt(page: Page) -> None:
    page.locator("#prompt").press_sequentially("/")
    expect(page.locator("#prompts-list [data-prompt]").first).to_be_visible()


def filling_in_a_prompt(page: Page) -> None:
    choosing_a_prompt(page)
    page.locator("#prompts-list [data-prompt]", has_text="Axe").first.click()
    expect(page.locator("#prompts-form")).to_be_visible()


def with_the_list(page: Page) -> None:
    if page.locator("[data-sidebar-open]").is_visible():
        page.locator("[data-sidebar-open]").click()
    expect(page.locator("#shelf [data-conversation]").first).to_be_visible()


def searching(page: Page) -> None:
    with_the_list(page)
    page.fill("#query", "queue")
    expect(page.locator("#found mark").first).to_be_visible()
    page.locator("#search-filters summary").click()
    page.select_option("#search-filters [name=role]", "assistant")
    expect(page.locator("#search-filters [data-clear]")).to_be_visible()
    expect(page.locator("#found:not([aria-busy]) mark").first).to_be_visible()


def finding_nothing(page: Page) -> None:
    with_the_list(page)
    page.fill("#query", "xyzzyplugh")
    expect(page.locator("#found .found-words")).to_be_visible()


def with_the_menu_of_the_list(page: Page) -> None:
    with_the_list(page)
    page.locator("#shelf [data-shelf=item]").first.click()
    expect(page.locator("#shelf-menu")).to_be_visible()


def choosing_a_list(page: Page) -> None:
    with_the_list(page)
    page.click("[data-shelf=views]")
    expect(page.locator("#shelf-menu [data-query]").first).to_be_visible()


def selecting(page: Page) -> None:
    with_the_list(page)
    page.click("[data-shelf=select]")
    page.locator("#shelf [data-box]").first.check()
    expect(page.locator(".shelf-bar")).to_be_visible()


def with_a_question_of_the_shelf(name: str) -> Callable[[Page], None]:
    def asked(page: Page) -> None:
        with_the_menu_of_the_list(page)
        page.click(f"#shelf-menu [data-verb={name.removeprefix('shelf-')}]")
        expect(page.locator(f"dialog#{name}")).to_be_visible()

    return asked


def naming_a_folder(page: Page) -> None:
    choosing_a_list(page)
    page.click("#shelf-menu [data-do=folder]")
    expect(page.locator("#shelf-name")).to_be_visible()


def renaming(page: Page) -> None:
    with_the_menu_of_the_list(page)
    page.click("#shelf-menu [data-verb=rename]")
    expect(page.locator(".retitle input")).to_be_focused()


def in_the_trash(page: Page) -> None:
    with_messages(page)
    page.click("#more summary")
    page.click("#more [data-verb=trash]")
    expect(page.locator("#trashed")).to_be_visible()
    expect(page.locator("#shelf-notice [data-undo]")).to_be_visible()


def deleting_for_ever(page: Page) -> None:
    in_the_trash(page)
    page.click("#trashed [data-shelf=delete]")
    expect(page.locator("#shelf-sure")).to_be_visible()


def offline(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#connection")).to_have_attribute("data-state", "offline")


def compact_and_large(page: Page) -> None:
    page.evaluate("Object.assign(document.documentElement.dataset, { density: 'compact', text: 'large' })")


STATES: dict[str, Callable[[Page], Any]] = {
    "empty": lambda page: None,
    "with messages": with_messages,
    "while a reply streams": while_a_reply_streams,
    "the drawer and the person's menu": with_the_drawer_open,
}
FURTHER_STATES: dict[str, Callable[[Page], Any]] = {
    "the menu of a conversation": with_the_menu_of_a_conversation,
    "search results with filters": searching,
    "a message waits": waiting,
    "reporting a reply": reporting,
    "the menu of the list": with_the_menu_of_the_list,
    "editing a message": editing,
    "offline": offline,
    "compact and large": compact_and_large,
    "the sheet of keys": with_a_dialog("shortcuts"),
    "the dialog of appearance": with_a_dialog("appearance"),
    "erasing a message": erasing,
    "asking for a review": asking_for_a_review,
    "saying why a reply is bad": rating,
    "details of a reply": with_details,
    "marked for the knowledge base": marked_for_the_knowledge_base,
    "a message waits after a stop": waiting_after_a_stop,
    "sharing": sharing,
    "saving as a file": saving_as_a_file,
    "shared": shared,
    "instructions and parameters": setting_parameters,
    "begun with a preset": begun_with_a_preset,
    "choosing a prompt": choosing_a_prompt,
    "filling in a prompt": filling_in_a_prompt,
    "a search finds nothing": finding_nothing,
    "choosing a list": choosing_a_list,
    "selecting": selecting,
    "moving to a folder": with_a_question_of_the_shelf("shelf-move"),
    "tagging": with_a_question_of_the_shelf("shelf-tag"),
    "naming a folder": naming_a_folder,
    "renaming a conversation": renaming,
    "in the trash": in_the_trash,
    "deleting for ever": deleting_for_ever,
}
ALL_STATES = STATES | FURTHER_STATES
