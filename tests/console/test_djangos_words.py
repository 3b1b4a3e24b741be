"""In the console's Chinese no space stands between a verb and the thing it is done to, as in Django's own."""

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import translation

from accounts.models import User
from console.djangos_words import WORDS

CHINESE = r"[一-鿿]"
NAME = r"%(?:\(\w+\))?s"  # %(count)d is a number, which has a space on both sides
SPACED = re.compile(rf"{CHINESE} +(?:{CHINESE}|{NAME})|{NAME} +{CHINESE}")


@pytest.mark.parametrize("words", WORDS)
def test_our_catalog_says_it_without_a_space(words: str) -> None:
    with translation.override("zh-hans"):
        said = translation.gettext(words)
    assert said != words
    assert not SPACED.search(said)


@pytest.mark.django_db
def test_no_page_to_add_or_to_list_has_one(client: Client, grace: User) -> None:
    client.force_login(grace)
    client.cookies["django_language"] = "zh-hans"
    for model in admin.site._registry:
        list_page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for page in (list_page, f"{list_page}add/"):
            html = client.get(page).content.decode()
            titles = re.findall(r"<(?:title|h1)>(.*?)</|class=\"addlink\">(.*?)</a>", html, re.S)
            said = [" ".join(part.split()) for title in titles for part in title if part]
            assert said
            assert [words for words in said if SPACED.search(words)] == [], page
