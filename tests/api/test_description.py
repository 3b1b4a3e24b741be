"""/v1/openapi.json: it speaks of all that is served, of nothing else, and anybody may read it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import AsyncClient

from conversations.api import described, errors, urls
from conversations.api.asked import CHAT, TEXT, Form
from conversations.api.fields import IGNORED, NEUTRAL
from exports.api import urls as exports_urls
from inference.catalog import Model

pytestmark = pytest.mark.usefixtures("model")

ADDRESS = "/v1/openapi.json"


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described.openapi()["paths"].items():
        yield from ((path, method, operation) for method, operation in methods.items())


def statuses(path: str) -> set[int]:
    return {int(status) for one, _, operation in operations() for status in operation["responses"] if one == path}


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from ([part["$ref"]] if "$ref" in part else [])
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from references(one)


async def test_anybody_may_read_it(model: Model) -> None:
    answer = await AsyncClient().get(ADDRESS)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == described.openapi()
    assert "Set-Cookie" not in answer


async def test_it_is_only_read() -> None:
    answer = await AsyncClient().post(ADDRESS)
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert answer.json()["error"]["code"] == "method_not_allowed"


def test_it_speaks_of_each_address_and_of_no_other() -> None:
    patterns = [*urls.urlpatterns, *exports_urls.urlpatterns]
    served = {"/" + re.sub(r"<\w+:\w+>", "{}", str(pattern.pattern)) for pattern in patterns}
    spoken_of = {re.sub(r"\{\w+\}", "{}", path) for path, _, _ in operations()}
    assert len(served) > 3
    assert spoken_of == served


@pytest.mark.parametrize(("name", "form"), [("ChatCompletionRequest", CHAT), ("CompletionRequest", TEXT)])
def test_it_speaks_of_each_field_and_of_no_other(name: str, form: Form) -> None:
    request = described.openapi()["components"]["schemas"][name]
    assert set(request["properties"]) == {*form.known, *IGNORED, *NEUTRAL}
    assert request["additionalProperties"] is False
    assert set(request["example"]) == set(request["required"])


def test_it_names_the_models_that_are_served(model: Model) -> None:
    request = described.openapi()["components"]["schemas"]["ChatCompletionRequest"]
    assert request["properties"]["model"] == {"enum": [model.name]}


def test_what_it_refers_to_is_there() -> None:
    whole = described.openapi()
    found = set(references(whole))
    assert len(found) > 5
    assert found == {f"#/components/schemas/{name}" for name in whole["components"]["schemas"]} - {
        f"#/components/schemas/{shape}Chunk"  # of events, for which OpenAPI 3.1 has no words
        for shape in ("ChatCompletion", "Completion")
    }


def test_each_status_of_a_refusal_is_described() -> None:
    refused = {status for status, *_ in errors.REFUSALS.values()}
    assert refused <= statuses("/chat/completions")
    assert statuses("/models") < statuses("/chat/completions")


def test_the_documents_table_of_errors_is_described() -> None:
    page = (settings.BASE_DIR / "docs" / "api.md").read_text().partition("### Errors")[2]
    rows = {int(status) for row in re.findall(r"^\| (\d{3}(?:, \d{3})*) \|", page, re.M) for status in row.split(", ")}
    assert rows == statuses("/chat/completions") - {200}


def test_each_operation_but_this_one_needs_a_key() -> None:
    assert described.openapi()["security"] == [{"key": []}]
    free = {path for path, _, operation in operations() if operation.get("security") == []}
    assert free == {"/openapi.json"}
