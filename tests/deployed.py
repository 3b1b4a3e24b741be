"""The product's settings as a site behind HTTPS has them, for Django's own deployment checks."""

import os
import secrets

os.environ["CHATSITE_HTTPS"] = "yes"
os.environ["CHATSITE_PROXIES"] = "127.0.0.1"
os.environ["CHATSITE_SECRET_KEY"] = secrets.token_urlsafe(50)

from chatsite.settings import *  # noqa: F403

# Whether subdomains are HTTPS too, and whether browsers should know it in advance, only the domain's owner can say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
