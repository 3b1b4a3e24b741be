"""Finding what was said: words of titles and messages, in every script.

``terms`` says what a text is found by, and ``query`` what is looked for; ``index`` keeps up with what is said;
``stores`` knows the two databases; ``find`` finds, and ``snippets`` shows why.
"""
