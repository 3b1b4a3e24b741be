"""Word lists: what a line means, what is refused and why, and lists that come from files and go into them."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from audit.models import Entry
from moderation import lists, word_lists
from moderation.exceptions import MOST_EXCEPTIONS
from moderation.matcher import Matcher
from moderation.models import Rule
from moderation.word_lists import NoList

INVISIBLE = "\N{ZERO WIDTH SPACE}\N{WORD JOINER}"


def rule(words: str = "marmalade", **more: Any) -> Rule:
    return Rule(name="Fruit", **{"words": words, **more})


def refused(made: Rule) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as problem:
        made.full_clean()
    return problem.value.message_dict


# --- Lines ------------------------------------------------------------------------------------------------------------


def test_comments_and_empty_lines_are_no_words() -> None:
    text = "# Fruit\n\n  marmalade \r\n\t\njam # not a comment\n\\#hashtag\n"
    assert lists.entries(text) == ["marmalade", "jam # not a comment", "#hashtag"]
    assert [line for line, _ in lists.numbered(text)] == [3, 5, 6]


@given(st.lists(st.text(alphabet="#\\ab ", min_size=1).map(str.strip).filter(bool)))
def test_every_word_can_be_written_and_read_again(words: list[str]) -> None:
    kept = [word for word in words if not word.startswith("\\#")]
    assert lists.entries("\n".join(map(lists.written, kept))) == kept


def test_each_line_is_looked_at() -> None:
    seen = lists.examine(f"jam\nJAM\nｊａｍ\n{INVISIBLE}\n# x\n\n{'x' * 257}\nj{INVISIBLE}am\nbread")
    assert list(seen.words.values()) == ["jam", "bread"]
    assert (seen.repeated, seen.passed_over) == (3, 2)
    assert [one.line for one in seen.refused] == [4, 7]
    assert "invisible" in seen.refused[0].reason
    assert str(seen.refused[1]) == "Line 7: A word has 256 characters at most, this one 257."


# --- Rules that are saved ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_list_is_refused_with_its_lines() -> None:
    bad = "\n".join(["jam", *[INVISIBLE] * 25])
    said = refused(rule(bad))["words"]
    assert len(said) == lists.MOST_NAMED + 1
    assert said[0].startswith("Line 2: ")
    assert said[-1] == "5 lines more are wrong."


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["", "\n \n", "# only this"])
def test_a_list_has_a_word(words: str) -> None:
    assert refused(rule(words)) == {"words": ["Write at least one word, one a line."]}


@pytest.mark.django_db
def test_a_hundred_thousand_words_are_answered() -> None:
    words = "\n".join(f"word{number}" for number in range(100_000))
    assert refused(rule(words)) == {"words": ["There are 100000 different words; 50000 are allowed."]}
    rule("\n".join(words.splitlines()[:50_000])).full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pattern", "more", "said"),
    [
        ("", {}, "Write a pattern."),
        ("a(b", {}, "never closed"),
        ("(a+)+$", {}, "for prompts only"),
        ("a+", {}, "longest match"),
        ("a{1,300}", {}, "256 characters at most"),
        ("a*", {"scope": "prompt"}, "empty text"),
        ("(?=a)b", {"scope": "prompt"}, "only"),
        (r"(a)\1", {"scope": "prompt"}, "no references"),
        ("x" * 1001, {"scope": "prompt"}, "1000"),
        ("((a{1,100}){1,100}){1,100}", {"scope": "prompt"}, ""),
        (r"\d+", {"scope": "prompt", "checksum": "luhn"}, "checksum"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_the_reason(
    pattern: str, more: dict[str, str], said: str
) -> None:
    found = refused(rule("", kind="pattern", pattern=pattern, **more))
    assert set(found) == {"pattern"}
    assert said in " ".join(found["pattern"])


@pytest.mark.django_db
def test_a_pattern_that_would_run_for_ever_elsewhere_is_quick_here() -> None:
    """Backtracking engines take longer than the universe over this one."""
    made = rule("", kind="pattern", pattern="(a|a)*b", scope="prompt")
    made.full_clean()
    made.save()
    assert Matcher([made.spec]).find("a" * 100_000) == []


@pytest.mark.django_db
def test_exceptions_are_checked_as_words_are() -> None:
    assert refused(rule(exceptions=f"jam\n{INVISIBLE}"))["exceptions"][0].startswith("Line 2: ")
    rule(exceptions="# none yet").full_clean()


@pytest.mark.django_db
def test_so_many_exceptions_and_no_more() -> None:
    """Each is tried at each match: a thousand of them took seconds for one text."""
    many = [f"jam{number}" for number in range(MOST_EXCEPTIONS)]
    rule(exceptions="\n".join(["# jams", *many])).full_clean()
    said = refused(rule(exceptions="\n".join(["# jams", *many, "marmalade cat", "jam jar"])))["exceptions"]
    assert said == [f"Line {MOST_EXCEPTIONS + 2}: A rule has 200 exceptions at most; this one is one too many."]


@pytest.mark.django_db
def test_overlapping_and_repeated_words_are_handled() -> None:
    made = rule("jam\njam jar\nmy jam jar\njam")
    made.full_clean()
    made.save()
    assert made.word_count == 4


@pytest.mark.django_db
def test_the_number_of_words_stays_beside_the_list() -> None:
    made = rule("jam\n# no\nbread")
    made.save()
    assert made.word_count == 2
    made.words = "jam"
    made.save(update_fields=["words"])
    made.refresh_from_db()
    assert made.word_count == 1
    light = Rule.objects.without_words().get(pk=made.pk)
    light.note = "Changed without reading the list."
    light.save()
    made.refresh_from_db()
    assert (made.words, made.word_count, made.note) == ("jam", 1, light.note)


# --- Files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "expected", "encoding"),
    [
        ("果酱\nmarmalade".encode(), "w.txt", "果酱\nmarmalade", "utf-8"),
        ("果酱".encode("utf-8-sig"), "w.txt", "果酱", "utf-8"),
        ("果酱".encode("utf-16"), "w.txt", "果酱", "utf-16"),
        ("果酱".encode("gb18030"), "w.txt", "果酱", "gb18030"),
        (b"word,level\njam,1\n\n#tag,2\n", "W.CSV", "\njam\n\n\\#tag", "utf-8"),
        (b'"jam, and bread",1\n', "w.csv", "jam, and bread", "utf-8"),
        (b"", "w.csv", "", "utf-8"),
    ],
)
def test_lists_are_read_as_people_have_them(content: bytes, name: str, expected: str, encoding: str) -> None:
    assert word_lists.read(content, name) == (expected, encoding)


@pytest.mark.parametrize(
    "content", [b"\xff\xff\xff\xff", b"a\x00b", b"x" * (word_lists.MOST_BYTES + 1)], ids=["bytes", "binary", "large"]
)
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(NoList):
        word_lists.read(content, "w.txt")


def test_csv_that_is_none_is_refused() -> None:
    with pytest.raises(NoList, match="no CSV"):
        word_lists.read(b'"' + b"x" * 200_000, "w.csv")


@pytest.mark.django_db
def test_an_import_says_what_it_would_do_and_does_it(grace: User) -> None:
    made = rule("# Fruit\njam")
    made.save()
    text = f"JAM\nbread\nBread\n\n# more\n{INVISIBLE}\n\\#tag"
    seen = word_lists.preview(made, text)
    assert (seen.lines, seen.added, seen.known, seen.repeated, seen.passed_over) == (7, ["bread", "#tag"], 1, 1, 2)
    assert [one.line for one in seen.refused] == [6]
    made.refresh_from_db()
    assert made.words == "# Fruit\njam"
    word_lists.take(made, text, by=grace)
    made.refresh_from_db()
    assert (made.words, made.word_count, made.changed_by) == ("# Fruit\njam\nbread\n\\#tag", 3, grace)
    entry = Entry.objects.get(action="rule.words_imported")
    assert entry.details == {"added": 2, "words": 3, "replaced": False}


@pytest.mark.django_db
def test_an_import_may_replace_the_list() -> None:
    made = rule("jam")
    made.save()
    assert word_lists.take(made, "bread\njam", replace=True).known == 0
    made.refresh_from_db()
    assert made.words == "bread\njam"


@pytest.mark.django_db
def test_an_import_that_is_too_much_changes_nothing() -> None:
    made = rule("jam")
    made.save()
    with pytest.raises(ValidationError):
        word_lists.take(made, "\n".join(f"word{number}" for number in range(60_000)))
    made.refresh_from_db()
    assert made.words == "jam"


@pytest.mark.django_db
def test_commands_take_lists_in_and_out(tmp_path: Path) -> None:
    made = rule("# Fruit\njam")
    made.save()
    file = tmp_path / "words.csv"
    file.write_text(f'word,why\nbread,"x"\n#tag,\n{INVISIBLE},y\n')
    out, errors = io.StringIO(), io.StringIO()
    call_command("import_words", "Fruit", str(file), stdout=out, stderr=errors)
    assert out.getvalue() == "Added 2 words to Fruit; 0 were there, 0 stood twice, 1 were refused.\n"
    assert errors.getvalue().startswith("Line 4: ")
    text, table = io.StringIO(), io.StringIO()
    call_command("export_words", str(made.pk), stdout=text)
    call_command("export_words", "Fruit", "--csv", stdout=table)
    assert text.getvalue() == "# Fruit\njam\nbread\n\\#tag\n"
    assert table.getvalue() == "word\njam\nbread\n#tag\n"


@pytest.mark.django_db
def test_commands_read_their_input(monkeypatch: pytest.MonkeyPatch) -> None:
    rule("jam").save()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"bread\n")))
    call_command("import_words", "Fruit", "-", "--replace", stdout=io.StringIO())
    assert Rule.objects.get().words == "bread"


@pytest.mark.django_db
def test_commands_say_what_is_wrong(tmp_path: Path) -> None:
    rule("jam").save()
    rule("bread").save()
    file = tmp_path / "words.txt"
    file.write_text("\n".join(f"word{number}" for number in range(60_000)))
    number = str(Rule.objects.earliest("pk").pk)
    for named, path, said in [
        ("Fruit", file, "Several rules"),
        ("Jam", file, "No rule"),
        ("999", file, "No rule"),
        (number, file, "50000 are allowed"),
        (number, tmp_path / "nothing", "No such file"),
        (number, tmp_path, "directory"),
    ]:
        with pytest.raises(CommandError, match=said):
            call_command("import_words", named, str(path))
