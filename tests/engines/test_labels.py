"""What people read for a model: its label, served or not; of one that the catalog has no more, its name."""

from django.template import Context, Template
from pytest_django import Settings

from inference import serving
from inference.model import Model

ANOTHER = '\n[[model]]\nname = "large"\nlabel = "Large <one>"\nengine = "scripted"\ncontext_window = 8192\nslots = 1\n'


def test_it_is_the_label_also_where_the_site_does_not_serve_it(model: Model, settings: Settings) -> None:
    settings.CATALOG.write_text(settings.CATALOG.read_text() + ANOTHER)
    assert serving.names() == ("scripted",)
    labels = {"scripted": "Scripted", "large": "Large <one>", "gone": "gone", "": ""}
    assert {name: serving.label(name) for name in labels} == labels


def test_a_template_says_it_and_it_is_text(model: Model, settings: Settings) -> None:
    settings.CATALOG.write_text(settings.CATALOG.read_text() + ANOTHER)
    page = Template("{% load model_labels %}{{ name|model_label }}")
    assert page.render(Context({"name": "large"})) == "Large &lt;one&gt;"
