"""``manage.py create_api_key``: a key for a person's program, from the command line."""

import argparse
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from accounts.api_keys import LASTS_DAYS
from accounts.models import ApiKey, User
from conversations.api_keys.forms import NEVER, USUAL_SCOPES, KeyForm


class Command(BaseCommand):
    help = "Make an API key for a person. Its secret, and nothing else, goes to standard output; it is not shown again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("email", help="the e-mail address, or the name, that the person signs in with")
        parser.add_argument("--name", required=True, help="what the key is for")
        scopes = ApiKey.Scope.values
        parser.add_argument(
            "--scopes", nargs="+", choices=scopes, default=USUAL_SCOPES, help="what it may; unless said, chat models"
        )
        parser.add_argument("--expires", type=int, choices=LASTS_DAYS, metavar="DAYS", help="never unless said")
        parser.add_argument("--models", nargs="+", default=[], help="models it may use; all that the policy allows")
        parser.add_argument("--save", action="store_true", help="keep its conversations, among the person's")

    def handle(self, email: str, **options: Any) -> None:
        people = User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email), is_active=True)[:2]
        if len(people) != 1:  # two: one person's name is another's address
            raise CommandError(f"{len(people) or 'No'} active people have the e-mail address or name {email!r}.")
        user = people[0]
        said = {name: options[name] for name in ("name", "scopes", "models")}
        said |= {"expires": str(options["expires"] or NEVER), "saves": options["save"]}
        form = KeyForm(said, user=user)
        made = form.create(by=None)
        if made is None:
            raise CommandError("\n".join(_said(name, error) for name, found in form.errors.items() for error in found))
        key, secret = made
        ends = f"expires on {key.expires_at:%Y-%m-%d}" if key.expires_at else "does not expire"
        self.stderr.write(f"The key {key} of {user} {ends}. Its secret is not shown again.")
        self.stdout.write(secret)


def _said(name: str, error: object) -> str:
    return str(error) if name == NON_FIELD_ERRORS else f"{name}: {error}"
