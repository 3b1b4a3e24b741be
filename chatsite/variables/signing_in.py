"""How people get in."""

from chatsite.variables.variable import Variable

VARIABLES = (
    Variable(
        "CHATSITE_SECOND_FACTOR",
        str,
        "groups",
        "Who must have a second factor to use the site: members of the groups whose page in the console says so; "
        "besides them the staff; or everyone.",
        choices=("groups", "staff", "everyone"),
    ),
    Variable(
        "CHATSITE_EMAIL_URL",
        str,
        "",
        "Server for letters: invitations and lost passwords, e.g. smtp+tls://user:password@mail.example.org:587. "
        "Empty: the site sends none, and administrators pass links on.",
    ),
    Variable("CHATSITE_EMAIL_FROM", str, "chatsite@localhost", "Sender of the letters."),
    Variable(
        "CHATSITE_SIGN_UP_DOMAINS",
        list,
        [],
        "Who has an address at one of these domains (example.org) may make an account, by a letter to that address; "
        "needs CHATSITE_EMAIL_URL. Empty: only who is invited.",
    ),
    Variable(
        "CHATSITE_OIDC_ISSUER",
        str,
        "",
        "Issuer of an OpenID Connect provider with whose word people sign in, e.g. https://id.example.org/realms/team. "
        "Its redirect address here is /accounts/oidc/oidc/login/callback/. Empty: none.",
    ),
    Variable("CHATSITE_OIDC_CLIENT_ID", str, "", "What the provider calls this site."),
    Variable("CHATSITE_OIDC_CLIENT_SECRET", str, "", "The secret that the provider shares with this site."),
    Variable("CHATSITE_OIDC_NAME", str, "Single sign-on", "What the button on the sign-in page calls the provider."),
    Variable(
        "CHATSITE_OIDC_SIGN_UP",
        bool,
        False,
        "Whoever the provider knows, with a verified address, gets an account when they first come. Otherwise only who "
        "has one already comes in.",
    ),
    Variable(
        "CHATSITE_OIDC_TRUST_EMAIL",
        bool,
        False,
        "Addresses count as verified though the provider does not say so (email_verified). Only where nobody can give "
        "themselves a colleague's address there.",
    ),
)
