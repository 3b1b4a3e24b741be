"""What CHATSITE_HTTPS changes, in a process that has it from the start."""

import json
import subprocess
import sys

from django.conf import settings

ASK = """
import json, django
django.setup()
from django.conf import settings
names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT", "DEBUG"]
names += ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE"]
names += ["SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_HTTPONLY"]
said = {name: getattr(settings, name) for name in names}
said["believes"] = settings.SECURE_PROXY_SSL_HEADER
said["path"], said["domain"] = settings.SESSION_COOKIE_PATH, settings.SESSION_COOKIE_DOMAIN
print(json.dumps(said))
"""


def test_cookies_are_this_hosts_alone(tmp_path: object) -> None:
    """Browsers take the prefix only from HTTPS, for the path /, without a domain: so all of it has to be so."""
    mine = {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "tests.deployed", "CHATSITE_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=mine, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said.pop("SESSION_COOKIE_NAME"), said.pop("CSRF_COOKIE_NAME")) == ("__Host-sessionid", "__Host-csrftoken")
    assert (said.pop("path"), said.pop("domain"), said.pop("believes")) == ("/", None, None)
    assert (said.pop("SECURE_HSTS_SECONDS"), said.pop("DEBUG")) == (31_536_000, False)
    assert said.pop("SECURE_SSL_REDIRECT")
    assert all(said.values()), said
