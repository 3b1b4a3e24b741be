"""LaTeX becomes MathML where it can be read, and stays as it was written where it cannot."""

import re
import time
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.markdown import mathml, render
from conversations.markdown.formulas import DEEPEST_FORMULA, LONGEST_FORMULA, formula

COMMANDS = (
    r"\frac \sqrt \sum \int \left \right \begin{aligned} \end{aligned} \text \mathrm \mathbb \hat \\ \not \limits"
)
COMMANDS += (
    r" \begin{cases} \end{cases} \overline \mathop \operatorname \binom \substack \color \tag \boxed \hspace \middle"
)
LATEX = st.lists(st.sampled_from([*COMMANDS.split(), *r"{}[]()^_&|<>'$#%~ ab1é中\""]), max_size=25).map("".join)


def drawn(latex: str, *, display: bool = False) -> str:
    """The formula without what is around all of them."""
    html = formula(latex, display=display)
    assert html is not None, latex
    return re.sub(r"^<math[^>]*><mrow>|</mrow></math>$", "", html)


@pytest.mark.parametrize(
    ("latex", "html"),
    [
        ("x", "<mi>x</mi>"),
        (r"\frac{a}{b}", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>"),
        (r"\sqrt[3]{x}", "<mroot><mrow><mi>x</mi></mrow><mn>3</mn></mroot>"),
        (r"\mathbb{R}", "<mi>ℝ</mi>"),
        (r"\mathbf{Wx}", "<mrow><mi>𝐖</mi><mi>𝐱</mi></mrow>"),
        (r"\boldsymbol{\beta}", "<mrow><mi>𝜷</mi></mrow>"),
        (r"\mathrm{ReLU}", "<mtext>ReLU</mtext>"),
        (r"a \implies b", "<mi>a</mi><mo>⟹</mo><mi>b</mi>"),
        (r"\infty", "<mi>∞</mi>"),
        (r"\log x", '<mo lspace="0.167em" rspace="0.167em">log</mo><mi>x</mi>'),
        (r"x < y", "<mi>x</mi><mo>&lt;</mo><mi>y</mi>"),
        (r"\text{<b> & é}", "<mtext>&lt;b&gt;\xa0&amp;\xa0é</mtext>"),
        (r"\boxed{x}", '<mrow class="boxed"><mrow><mi>x</mi></mrow></mrow>'),
        (r"\vec{v}", '<mover accent="true"><mrow><mi>v</mi></mrow><mo stretchy="true">→</mo></mover>'),
        (r"\color{red}{x}", "<mstyle><mrow><mi>x</mi></mrow></mstyle>"),
        (r"a\!b", '<mi>a</mi><mspace width="-0.167em"></mspace><mi>b</mi>'),
        (r"a\hspace{900em}b", "<mi>a</mi><mspace></mspace><mi>b</mi>"),
    ],
)
def test_what_is_drawn(latex: str, html: str) -> None:
    assert drawn(latex) == html


def test_limits_stand_below_what_takes_them() -> None:
    assert drawn(r"\lim_{x\to 0} f").startswith('<munder><mo movablelimits="true"')
    assert drawn(r"\sum_{i}^{n} i", display=True).startswith('<munderover><mo movablelimits="true">∑')
    assert drawn(r"\int_0^1 x", display=True).startswith("<msubsup><mo>∫</mo>")


@pytest.mark.parametrize("name", ["aligned", "align", "align*", "split"])
def test_lines_under_each_other(name: str) -> None:
    html = drawn(rf"\begin{{{name}}} a &= b \\ c &= d \end{{{name}}}")
    assert html.count("<mtr>") == 2
    assert html.startswith('<mtable displaystyle="true">')
    assert '<mtd class="right"><mi>a</mi></mtd><mtd class="left">' in html
    assert "(1)" not in html, "a number beside each line would count anew in each formula"


def test_a_matrix_takes_an_exponent_as_a_whole() -> None:
    assert drawn(r"\begin{bmatrix}1 & 2\end{bmatrix}^T").startswith("<msup><mrow><mo>[</mo><mtable>")
    assert drawn(r"\begin{equation} x \end{equation}") == "<mi>x</mi>"


@pytest.mark.parametrize(
    "latex",
    [
        "", " ", "{", "}", "}{", r"\frac{a", "^", "_", "a & b", r"\nosuchcommand x", r"\ce{H2O}", r"\left( x",
        r"\def\a{\a\a}\a", r"\newcommand{\a}[1]{#1#1}\a{x}", r"\let\a=b", r"\DeclareMathOperator{\a}{b}",
        r"\href{javascript:alert(1)}{x}", r"\url{https://a.example}", r"\style{color:red}{x}", r"\class{a}{x}",
        r"\cssId{a}{x}", r"\htmlId{a}{x}", r"\unicode{x3c}", r"\char60", r"\rule{900em}{900em}", r"\input{x}",
        r"\mathop{\rm arg}", "x" * (LONGEST_FORMULA + 1),
        "{" * (DEEPEST_FORMULA + 1) + "x" + "}" * (DEEPEST_FORMULA + 1),
    ],
)  # fmt: skip
def test_what_is_not_drawn(latex: str) -> None:
    assert formula(latex, display=True) is None


@given(LATEX)
@settings(max_examples=500, deadline=None)
def test_any_latex_is_drawn_from_the_list_or_not_at_all(latex: str) -> None:
    html = formula(latex, display=False)
    for element in fromstring(html).iter() if html else ():  # noqa: S314 - our own
        assert element.tag in mathml.ELEMENTS
        assert len(element) == mathml.CHILDREN.get(element.tag, len(element))
        assert not (element.tag in mathml.TOKENS and len(element))
        for name, value in element.attrib.items():
            allowed = mathml.ATTRIBUTES.get(element.tag, {}).get(name)
            assert name == "class" or (allowed and allowed.fullmatch(value)), (name, value)


@pytest.mark.parametrize(
    "piece", ["x", r"\alpha", r"\frac{1}{2}", "x_1^2+", r"\text{a}", r"\begin{matrix}1&2\\3&4\end{matrix}"]
)
def test_a_long_formula_is_drawn_in_bounded_time(piece: str) -> None:
    latex = piece * (LONGEST_FORMULA // len(piece))

    def seconds() -> float:
        formula.cache_clear()
        began = time.thread_time()
        formula(latex, display=True)
        return time.thread_time() - began

    assert min(seconds() for _ in range(3)) < 0.1


def is_drawn(text: str) -> list[str]:
    """What each formula of a text says, without its marks."""
    return [re.sub(r"<[^>]+>", "", found) for found in re.findall(r"<math.*?</math>", render(text), re.DOTALL)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$x$ and $y$", ["x", "y"]),
        ("是$x$吗", ["x"]),
        (r"\(x\) and \( y \)", ["x", "y"]),
        (r"In a line: \[x\] or $$y$$.", ["x", "y"]),
        ("$5$ ways, $O(n)$ steps", ["5", "O(n)"]),
        ("$a\\$b$", ["a$b"]),
        ("$$\nx\n$$", ["x"]),
        ("$$x\n+y$$\nafter", ["x+y"]),
        ("before\n$$\nx\n$$\nafter", ["x"]),
        ("before\n$$x$$\nafter", ["x"]),
        ("\\[\nx\n\\]", ["x"]),
        ("```math\nx\n```", ["x"]),
        ("- one\n  $$\n  x\n  $$\n- two $y$", ["x", "y"]),
        ("> $$\n> x\n> $$", ["x"]),
        ("| $a$ |\n|---|\n| $b$ |", ["a", "b"]),
        ("**$x$** [$y$](https://a.example)", ["x", "y"]),
    ],
)
def test_where_formulas_are(text: str, found: list[str]) -> None:
    assert is_drawn(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "from $5 to $10", "$5-$10", "$5,$6", "US$5 and A$6", "$5 (US$)", "a $5/month plan or 6$", "$1 million$",
        "价格$5，折后$", "$HOME and $PATH", "$HOME/bin:$PATH", "${A}-${B}", "$ x $", "$x", "$$", "$$$", r"\$x\$",
        "`$x$`", "```\n$x$\n```", r"\\(x\\)", r"\(not a link\)", r"\[link\](https://a.example)", r"\(x", "$$\n\n$$",
        "$PATH=`x`$", "a $b\n\nc$ d",
    ],
)  # fmt: skip
def test_where_none_are(text: str) -> None:
    assert is_drawn(text) == []


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (r"$\nosuch x$", r"$\nosuch x$"),
        (r"\(\nosuch\)", r"\(\nosuch\)"),
        (r"\[\nosuch\]", r"\[\nosuch\]"),
        ("$$\n\\nosuch\n- b\n$$", "$$\n\\nosuch\n- b\n$$"),
        ("$$\nx\n- y", "$$\nx\n- y"),
        ("$$\nx\n\nafter", "$$\nx"),
        ("$$\nx $$ y\n", "$$\nx $$ y"),
    ],
)
def test_what_cannot_be_drawn_is_shown_as_it_was_written(text: str, source: str) -> None:
    assert f'<code class="formula">{source}</code>' in render(text)
