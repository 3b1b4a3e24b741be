"""Who comes through which door: a row for each address and each frame of the socket.

A row has one letter for each of: stranger, member, moderator, auditor, administrator, owner. What is asked for is
Alice's, who is none of them. ``i``: let in (also to be told that the form is wrong), ``l``: sent to sign in, ``n``:
refused, ``0``: there is nothing. A model's pages in the admin need no row: the table of roles says who comes in.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

PEOPLE = ("stranger", "member", "moderator", "auditor", "admin", "owner")

EVERYONE = "iiiiii"
MEMBERS = "liiiii"
ALICE_ONLY = "l00000"
NOTHING_OF_THEIRS = "l00000"
STAFF = "lliiii"
ADMINS = "llnnii"
WHO_SEE_PEOPLE = "llniii"
WHO_MODERATE = "llinii"
WHO_SEE_RULES = "lliiii"
NOBODY = "ll0000"

HERS = UUID(int=0)  # stands for what is Alice's, in a request's body
HER_FOLDER, HER_TAG, HER_MESSAGE = "her folder", "her tag", "her message"


@dataclass(frozen=True)
class Way:
    """One way to try a door."""

    who: str
    method: str = "get"
    said: dict[str, Any] = field(default_factory=dict)  # the query, or the JSON of a post


def get(who: str, **query: str) -> Way:
    return Way(who, "get", query)


def post(who: str, **said: Any) -> Way:
    return Way(who, "post", said)


def both(who: str) -> tuple[Way, Way]:
    """A page with a form."""
    return get(who), post(who)


SHELF: dict[str, tuple[Way, ...]] = {  # what is restored is not deleted: she keeps it for the doors after these
    "shelf-rename": (post(ALICE_ONLY, conversation=HERS, title="Mine"),),
    **{
        f"shelf-{verb}": (post(ALICE_ONLY, conversations=[HERS]),)
        for verb in ("pin", "unpin", "archive", "unarchive", "trash", "restore", "delete")
    },
    "shelf-move": (post(ALICE_ONLY, conversations=[HERS]), post(ALICE_ONLY, conversations=[HERS], folder=HER_FOLDER)),
    "shelf-tag": (post(ALICE_ONLY, conversations=[HERS], tags=[HER_TAG]),),
    "shelf-untag": (post(ALICE_ONLY, conversations=[HERS], tags=[HER_TAG]),),
    "shelf-create-folder": (post(MEMBERS, name="Mine"),),
    "shelf-rename-folder": (post(ALICE_ONLY, folder=HER_FOLDER, name="Ours"),),
    "shelf-delete-folder": (post(ALICE_ONLY, folder=HER_FOLDER),),
    "shelf-create-tag": (post(MEMBERS, name="mine"),),
    "shelf-rename-tag": (post(ALICE_ONLY, tag=HER_TAG, name="ours"),),
    "shelf-delete-tag": (post(ALICE_ONLY, tag=HER_TAG),),
    "shelf": (get(MEMBERS),),
    "choices": (get(MEMBERS), Way(ALICE_ONLY, "get", {"conversation": HERS})),
}
CHAT: dict[str, tuple[Way, ...]] = {
    **SHELF,
    "set_parameters": (post(ALICE_ONLY, temperature=1),),
    "parameters": (get(MEMBERS), Way(ALICE_ONLY, "get", {"conversation": HERS})),
    "models": (get(MEMBERS),),
    "presets": (post(MEMBERS, name="Brief"),),
    "preset_new": both(MEMBERS),
    "preset": both(ALICE_ONLY),
    "preset_values": (get(ALICE_ONLY),),
    "preset_delete": (post(ALICE_ONLY),),
    "prompts": (get(MEMBERS),),
    "prompts_box": (get(MEMBERS),),
    "prompt_new": both(MEMBERS),
    "prompt": both(ALICE_ONLY),
    "prompt_text": (get(ALICE_ONLY),),
    "prompt_delete": (post(ALICE_ONLY),),
    "home": (get(MEMBERS),),
    "conversation": (get(ALICE_ONLY),),
    "news": (get(ALICE_ONLY),),
    "earlier": (Way(ALICE_ONLY, "get", {"before": HER_MESSAGE}),),
    "choose": (post(ALICE_ONLY),),
    "erase": (post(ALICE_ONLY),),  # refused while the reply below waits
    "editing": (get(MEMBERS),),
    "older": (
        get(MEMBERS, before="2999-01-01T00:00:00Z"),
        get(MEMBERS, view="trash"),
        Way(ALICE_ONLY, "get", {"folder": HER_FOLDER}),
        Way(ALICE_ONLY, "get", {"tag": HER_TAG}),
    ),
    "draft": (
        post(MEMBERS, type="draft", conversation=None, text="Let me in", revision=0),
        post(ALICE_ONLY, type="draft", conversation=HERS),
        post(ALICE_ONLY, type="draft", conversation=HERS, text="Let me in", revision=0),
        post(ALICE_ONLY, type="draft", conversation=HERS, wait=UUID(int=1), text="Let me in"),
        post(ALICE_ONLY, type="draft", conversation=HERS, take_back=UUID(int=1)),
    ),
    "send": (
        post(ALICE_ONLY, type="send", client_id=UUID(int=1), text="Let me in", conversation=HERS),
        post(ALICE_ONLY, type="again", client_id=UUID(int=2), reply=HER_MESSAGE),
        post(ALICE_ONLY, type="continue", client_id=UUID(int=3), reply=HER_MESSAGE),
    ),
    "source": (get(ALICE_ONLY),),
    "stop": (post(ALICE_ONLY),),
    "events": (get(ALICE_ONLY),),
    "timing": (post(ALICE_ONLY, first_ms=1, complete_ms=2),),
    "report": (post(ALICE_ONLY, reason="wrong"),),
    "rate": (post(ALICE_ONLY, value=1),),
    "details": (get(ALICE_ONLY),),
    "ratings": (get(MEMBERS),),
    "knowledge": (get(ALICE_ONLY), post(ALICE_ONLY, marked=True), post(ALICE_ONLY, marked=False)),
    "appeal": (post(ALICE_ONLY, text="Why?"),),
    "appeal_for_reply": (post(ALICE_ONLY, text="Why?"),),
    "limits": (get(MEMBERS),),
    "search": (get(MEMBERS, q="secret"), get(MEMBERS, q=""), get(MEMBERS, q="secret", role="nobody")),
    "search_panel": (get(MEMBERS),),
    "objections": (get(MEMBERS),),
    "share": (get(ALICE_ONLY), post(ALICE_ONLY, audience="team")),
    "colleagues": (get(MEMBERS, q="al"),),
    "shares": (get(MEMBERS),),
    "revoke": (post(ALICE_ONLY),),
    "shared": (get(ALICE_ONLY),),
    "carry_on": (post(ALICE_ONLY),),
    "shortcuts": (get(MEMBERS),),
    "export": (get(ALICE_ONLY),),
    "export_file": tuple(get(ALICE_ONLY, format=name) for name in ("markdown", "html", "pdf", "text", "json", "csv")),
}
ACCOUNT: dict[str, tuple[Way, ...]] = {
    "account_login": both(EVERYONE),
    "account_logout": (post(EVERYONE),),
    "account_inactive": (get(EVERYONE),),
    "account_signup": both(EVERYONE),
    "account_letter_sent": (get(EVERYONE),),
    "account_invitation": (get(EVERYONE),),  # whoever has the secret of one
    "account_join": (get("000000"),),  # after the link of an invitation
    "openid_connect_login": (get("000000"), post("000000")),  # there is none; tests.accounts has one
    "openid_connect_callback": (get("000000"),),
    "socialaccount_login_cancelled": (get(EVERYONE),),
    "socialaccount_signup": (get(EVERYONE),),
    "account_reset_password_from_key": (get(EVERYONE),),  # a page that says that the link is over
    "account_reset_password_from_key_done": (get(EVERYONE),),
    "account_change_password": both(MEMBERS),
    "account_set_password": (get(MEMBERS),),
    "account_reset_password": (get(EVERYONE),),
    "account_suspended": (get(EVERYONE),),
    "account_security": (get(MEMBERS),),
    "account_reauthenticate": both(MEMBERS),
    "mfa_index": (get(MEMBERS),),
    "mfa_authenticate": (get(MEMBERS),),  # to the page they came for, but for who has just given the password
    "mfa_reauthenticate": (get(MEMBERS),),
    "mfa_reauthenticate_webauthn": (get(MEMBERS),),
    "mfa_activate_totp": (get(MEMBERS),),
    "mfa_deactivate_totp": (get(NOTHING_OF_THEIRS),),
    "mfa_view_recovery_codes": (get(NOTHING_OF_THEIRS),),
    "mfa_generate_recovery_codes": (get(MEMBERS),),
    "mfa_list_webauthn": (get(EVERYONE),),  # leads to mfa_index
    "mfa_add_webauthn": (get(MEMBERS),),
    "mfa_remove_webauthn": (get(MEMBERS),),  # to who they are first
    "mfa_login_webauthn": (get(MEMBERS),),  # a page only for scripts; who is in is led on
    "account_session_end": (post(ALICE_ONLY),),
    "account_sessions_end": (post(MEMBERS),),  # each their own
    "account_appearance": both(MEMBERS),
    "account_usage": (get(MEMBERS),),
    "account_usage_csv": (get(MEMBERS),),
    "api_keys": both(MEMBERS),
    "api_keys_revoke": (post(MEMBERS),),  # each their own
    "api_key_revoke": (post(ALICE_ONLY),),
    "account_data": (get(MEMBERS),),
    "account_data_copy": (post(MEMBERS),),  # each their own
    "account_data_download": (get(ALICE_ONLY),),
    "account_leave": (get(MEMBERS), post(MEMBERS)),  # nothing without their password again
    "deletion_receipt": (get(EVERYONE),),  # who knows its id, which nobody guesses: numbers, and no name
    "set_language": (post(EVERYONE),),
}
MACHINES: dict[str, tuple[Way, ...]] = {
    "manifest": (get(EVERYONE),),
    "worker": (get(EVERYONE),),
    "offline": (get(EVERYONE),),
    "csp_reports": (post(EVERYONE),),
    "alive": (get(EVERYONE),),
    "ready": (get(EVERYONE),),
    "metrics": (get(EVERYONE),),  # to this machine, from which these tests come; tests.metrics has the others
}
CONSOLE: dict[str, tuple[Way, ...]] = {
    "admin:index": (get(STAFF),),
    "admin:login": (get("lniiii"),),
    "admin:logout": (post(EVERYONE),),
    "admin:password_change": (get(STAFF),),
    "admin:password_change_done": (get(STAFF),),
    "admin:autocomplete": (get("llnnnn"),),
    "admin:jsi18n": (get(STAFF),),
    "admin:view_on_site": (get(NOBODY),),
    "admin:app_list": (get("ll0iii"),),
    "admin:(?P<url>.*)$": (get(NOBODY),),
    "admin:engine": (get(STAFF),),
    "admin:engine-live": (get(STAFF),),
    "admin:engine-drain": both(ADMINS),
    "admin:engine-rebuild": both(ADMINS),
    "admin:models": (get(STAFF),),
    "admin:security": (get(WHO_SEE_PEOPLE),),
    "admin:usage": (get(WHO_SEE_PEOPLE),),
    "admin:ratings": (get(WHO_SEE_PEOPLE),),
    "admin:knowledge": (get(ADMINS),),
    "admin:knowledge-exchange": both(ADMINS),
    "admin:usage-csv": (get(WHO_SEE_PEOPLE),),
    "admin:reading": both(NOBODY),  # as a site begins; tests.console.test_reading has it switched on
    "admin:audit_entry_export_jsonl": (get(WHO_SEE_PEOPLE),),
    "admin:audit_entry_export_csv": (get(WHO_SEE_PEOPLE),),
    "admin:accounts_user_overview": (get(WHO_SEE_PEOPLE),),
    "admin:accounts_user_restrain": both(ADMINS),
    "admin:accounts_user_lift": (post(ADMINS),),
    "admin:accounts_user_hold": both(ADMINS),
    "admin:accounts_user_lift_hold": both(ADMINS),
    "admin:retention_rule_switch": both(ADMINS),
    "admin:accounts_user_password_link": both(ADMINS),
    "admin:accounts_user_remove_factors": both(ADMINS),
    "admin:accounts_invitation_invite": both(ADMINS),
    "admin:auth_user_password_change": both(ADMINS),
}
MODERATION: dict[str, tuple[Way, ...]] = {
    "admin:moderation_incident_change": both(WHO_SEE_RULES),  # it shows, however it is asked; the next three change
    "admin:moderation_incident_decide": (post(WHO_MODERATE),),
    "admin:moderation_incident_assign": (post(WHO_MODERATE),),
    "admin:moderation_incident_note": (post(WHO_MODERATE),),
    "admin:moderation_rule_starters": both(WHO_MODERATE),
    "admin:moderation_rule_try": (post(WHO_MODERATE),),
    "admin:moderation_rule_try_saved": both(WHO_MODERATE),
    "admin:moderation_rule_import": both(WHO_MODERATE),
    "admin:moderation_rule_export": (get(WHO_SEE_RULES),),
}
API: dict[str, tuple[Way, ...]] = {  # a session opens none of them; tests.api has the keys that do
    "api_description": (get(EVERYONE),),
    "api_models": (get("llllll"),),
    "api_model": (get("llllll"),),
    "api_exports": (get("llllll"), post("llllll", form="jsonl")),
    "api_export": (get("llllll"),),
    "api_export_cancel": (post("llllll"),),
    "api_export_file": (get("llllll"),),
    "api_imports": (get("llllll"), post("llllll", dry_run=True)),
    "api_import": (get("llllll"),),
    "api_import_begin": (post("llllll"),),
    "api_import_cancel": (post("llllll"),),
    "api_completions": (post("llllll", model="scripted", prompt="Let me in"),),
    "api_chat_completions": (post("llllll", model="scripted", messages=[{"role": "user", "content": "Let me in"}]),),
}
EXPORTS: dict[str, tuple[Way, ...]] = {
    "imports": both(MEMBERS),
    "import": (get(ALICE_ONLY),),
    "import_begin": (post(ALICE_ONLY),),
    "import_cancel": (post(ALICE_ONLY),),
    "exports": both(MEMBERS),
    "exports_list": (get(MEMBERS),),
    "exports_file": (get(ALICE_ONLY),),
    "exports_update": (post(ALICE_ONLY),),
    "exports_cancel": (post(ALICE_ONLY),),
    "exports_delete": (post(ALICE_ONLY),),
    "exports_schedule_delete": (post(ALICE_ONLY),),
}
DOORS = {**CHAT, **EXPORTS, **ACCOUNT, **MACHINES, **CONSOLE, **MODERATION, **API}

# What a page of a model needs, by the end of its name: letters of console.roles.TABLE for a look and for a change.
MODEL_PAGES = {
    "changelist": ("vc", "vc"),
    "add": ("a", "a"),
    "history": ("vc", ""),
    "delete": ("d", "d"),
    "change": ("vc", "c"),
}

ONLY_SHOWN = {
    "accounts.apikey",
    "audit.hold",
    "accounts.invitation",
    "limits.restraint",
    "conversations.share",
}  # on a model's pages; doors with a row of their own change it

# Frames of the socket: what is said, and the answer to each but the stranger, whose socket is closed at once.
FRAMES: dict[str, tuple[dict[str, Any], str]] = {
    "send": ({"client_id": UUID(int=1), "text": "Let me in", "conversation": HERS}, "not_found"),
    "again": ({"client_id": UUID(int=2), "reply": HERS}, "not_found"),
    "continue": ({"client_id": UUID(int=3), "reply": HERS}, "not_found"),
    "choose": ({"message": HERS}, "not_found"),
    "erase": ({"message": HERS}, "not_found"),
    "open": ({"conversation": HERS}, "not_found"),
    "follow": ({"reply": HERS}, "not_found"),
    "stop": ({"reply": HERS}, "not_found"),
    "draft": ({"conversation": HERS, "text": "Let me in", "revision": 0}, "not_found"),
    "timing": ({"reply": HERS, "first_ms": 1, "complete_ms": 2}, "not_found"),
    "limits": ({}, "limits"),
    "ping": ({}, "pong"),
}
