"""An older site's permissions are called, after ``migrate``, as a new site's are."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal
from django.db.models import Value
from django.db.models.functions import Concat
from pytest_django import DjangoAssertNumQueries

from console.permission_names import rename

pytestmark = pytest.mark.django_db


def names() -> dict[int, str]:
    return dict(Permission.objects.values_list("pk", "name"))


def test_what_had_another_name_is_called_as_on_a_new_site() -> None:
    new = names()
    assert "Can add person" in new.values()
    Permission.objects.filter(name="Can add person").update(name="Can add user")
    Permission.objects.update(name=Concat(Value("Old: "), "name"))
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert names() == new


def test_what_no_app_has_any_more_keeps_its_name() -> None:
    gone = ContentType.objects.create(app_label="gone", model="kettle")
    Permission.objects.create(content_type=gone, codename="add_kettle", name="Can add kettle")
    rename(apps.get_app_config("console"), "default")
    assert Permission.objects.get(content_type=gone).name == "Can add kettle"


def test_where_all_are_right_nothing_is_written(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        rename(apps.get_app_config("console"), "default")
