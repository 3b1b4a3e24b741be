"""Stop strings against their plain meaning, over random splits."""

from hypothesis import given
from hypothesis import strategies as st

from inference.engines import healing
from inference.engines.stopping import StopFilter

LETTERS = st.text(alphabet="ab\n你", max_size=20)


@given(
    pieces=st.lists(LETTERS, max_size=8),
    stop=st.lists(st.text(alphabet="ab\n你", min_size=1, max_size=4), max_size=3).map(tuple),
)
def test_the_text_ends_before_the_first_stop_string(pieces: list[str], stop: tuple[str, ...]) -> None:
    held = StopFilter(stop)
    shown = ""
    for piece in pieces:
        shown += held.feed(piece)
        assert not any(word in shown for word in stop)
    shown += held.flush()
    whole = "".join(pieces)
    ends = [(whole.index(word) + len(word), whole.index(word)) for word in stop if word in whole]
    assert held.stopped is bool(ends)
    assert shown == (whole[: min(ends)[1]] if ends else whole)


@given(st.text(max_size=60))
def test_a_prefix_is_taken_back_by_a_word_at_most(prefix: str) -> None:
    kept, again = healing.split(prefix)
    assert kept + again == prefix
    assert len(again) <= healing.LONGEST
    assert not prefix or again
    assert len(again.split()) <= 1
