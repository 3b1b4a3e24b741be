"""The door for programs: what OpenAI's clients ask, answered by the verbs of the page. docs/api.md is its contract."""
