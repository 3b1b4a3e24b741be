"""What each bulk form writes of conversations."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exports.forms import NAMES, form
from exports.forms.options import Options
from exports.jobs.archive import Archive
from exports.records import Rating, Record, Review
from tests.exports.many import talk

QUESTIONS = ("What is tea?", "A leaf in hot water.", "And coffee?", "A bean.")
Wrote = Callable[..., dict[str, str]]


@pytest.fixture
def wrote(tmp_path: Path) -> Wrote:
    """The files of an archive in one form, by their paths."""

    def write(name: str, records: Iterable[Record], **options: Any) -> dict[str, str]:
        path = tmp_path / "made.zip"
        path.unlink(missing_ok=True)
        with Archive(path, {}, {"form": name}) as archive:
            form(name).write(records, archive, Options(**options))
        with zipfile.ZipFile(path) as read:
            return {one: read.read(one).decode("utf-8", "replace") for one in read.namelist()}

    return write


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_openai_has_a_talk_a_line_that_ends_with_an_answer(wrote: Wrote) -> None:
    record = talk(*QUESTIONS, "And water?", instructions="Be brief.")
    files = wrote("openai", [record])
    (told,) = lines(files["openai.jsonl"])
    assert [one["role"] for one in told["messages"]] == ["system", "user", "assistant", "user", "assistant"]
    assert [one["content"] for one in told["messages"]] == ["Be brief.", *QUESTIONS]
    (source,) = lines(files["provenance.jsonl"])
    assert source["conversation"] == str(record.id)
    assert [one["sha256"] for one in source["messages"]] == [item.sha256 for item in record.messages[:4]]


def test_sharegpt_names_speakers_as_its_readers_do(wrote: Wrote) -> None:
    record = talk(*QUESTIONS)
    (told,) = lines(wrote("sharegpt", [record])["sharegpt.jsonl"])
    assert told["id"] == str(record.messages[-1].id)
    assert [one["from"] for one in told["conversations"]] == ["human", "gpt", "human", "gpt"]


def test_alpaca_has_a_pair_a_line_with_what_was_before(wrote: Wrote) -> None:
    first, second = lines(wrote("alpaca", [talk(*QUESTIONS)])["alpaca.jsonl"])
    assert first == {"instruction": QUESTIONS[0], "input": "", "output": QUESTIONS[1], "system": "", "history": []}
    assert second["output"] == QUESTIONS[3]
    assert second["history"] == [[QUESTIONS[0], QUESTIONS[1]]]


@pytest.mark.parametrize("name", ["openai", "sharegpt", "alpaca", "chunks"])
@pytest.mark.parametrize("state", ["cut", "stopped", "blocked", "failed", "writing"])
def test_what_is_no_whole_answer_is_no_example(wrote: Wrote, name: str, state: str) -> None:
    record = talk(*QUESTIONS)
    last = replace(record.messages[-1], state=state)
    files = wrote(name, [replace(record, messages=(*record.messages[:-1], last))])
    text = files[f"{name}.jsonl"]
    assert QUESTIONS[1] in text, "the first answer is one"
    assert QUESTIONS[3] not in text


@pytest.mark.parametrize("name", ["alpaca", "chunks"])
def test_pairs_are_of_the_replies_that_are_asked_for(wrote: Wrote, name: str) -> None:
    record = talk(*QUESTIONS)
    good = replace(record.messages[1], rating=Rating(1), review=Review("approved"))
    record = replace(record, messages=(record.messages[0], good, *record.messages[2:]))
    for options in ({"rating": 1}, {"reviewed": True}):
        (told,) = lines(wrote(name, [record], **options)[f"{name}.jsonl"])
        assert QUESTIONS[1] in json.dumps(told)
    assert lines(wrote(name, [record], rating=-1)[f"{name}.jsonl"]) == []
    assert len(lines(wrote(name, [record], model="small")[f"{name}.jsonl"])) == 2


def test_all_branches_give_each_talk_once(wrote: Wrote) -> None:
    record = talk(*QUESTIONS)
    question, answer = record.messages[2:]
    other = replace(answer, id=talk(number=2).id, position=4, text="Beans.", parent=question.id)
    record = replace(record, messages=(*record.messages, other))
    assert len(lines(wrote("openai", [record])["openai.jsonl"])) == 1
    ends = [told["messages"][-1]["content"] for told in lines(wrote("openai", [record], whole=True)["openai.jsonl"])]
    assert ends == ["A bean.", "Beans."]


def test_a_row_of_csv_is_no_formula_and_keeps_what_was_said(wrote: Wrote) -> None:
    record = replace(talk("=1+1", 'He said, "tea"\nand more', tags=("a", "b")), title="@tea")
    text = wrote("csv", [record])["messages.csv"]
    assert text.startswith("\ufeff")
    first, second = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert (first["text"], first["title"]) == ("'=1+1", "'@tea")
    assert second["text"] == 'He said, "tea"\nand more'
    assert (second["tags"], second["on_branch"], second["position"]) == ("a, b", "true", "1")
    assert second["sha256"] == record.messages[1].sha256


@pytest.mark.parametrize("name", NAMES)
def test_every_form_takes_no_conversations_and_empty_ones(wrote: Wrote, name: str) -> None:
    for records in ([], [talk()]):
        assert "manifest.json" in wrote(name, records)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_records_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    made = []
    for number in range(2):
        path = tmp_path / f"{number}.zip"
        with Archive(path, {"job": 1}, {"form": name}) as archive:
            form(name).write([talk(*QUESTIONS), talk("Hi", "Hello", number=2)], archive, Options())
        made.append(path.read_bytes())
    assert made[0] == made[1]
