"""How the site waits for a PostgreSQL whose machine is gone."""

from chatsite.addresses import database

MOST_S = 20


def test_a_silent_server_is_given_up_in_seconds() -> None:
    options = database("postgres://somebody@one,two/chatsite")["OPTIONS"]
    assert options["connect_timeout"] + options["pool"]["timeout"] <= MOST_S
    assert options["tcp_user_timeout"] <= MOST_S * 1000
    silent_s = options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"]
    assert silent_s <= MOST_S


def test_what_the_address_says_goes_first() -> None:
    options = database("postgres://somebody@one/chatsite?connect_timeout=2&sslmode=require")["OPTIONS"]
    assert (options["connect_timeout"], options["sslmode"]) == (2, "require")
    assert options["tcp_user_timeout"] == 15_000


def test_a_file_has_no_such_options() -> None:
    assert "OPTIONS" not in database("sqlite:////tmp/one.sqlite3")
