"""The address of the server for letters."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatsite.mail import mail


def test_an_address_says_where_and_how() -> None:
    said = mail("smtp+tls://me:s%2Fcret@mail.example.org:587")
    assert said["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (said["EMAIL_HOST"], said["EMAIL_PORT"], said["EMAIL_USE_TLS"]) == ("mail.example.org", 587, True)
    assert (said["EMAIL_HOST_USER"], said["EMAIL_HOST_PASSWORD"]) == ("me", "s/cret")


def test_without_one_letters_go_nowhere() -> None:
    assert mail("") == {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}


@pytest.mark.parametrize("url", ["me:s3cret@host", "http://me:s3cret@host", "smtp://me:s3cret/2@host", "smtp://"])
def test_another_kind_is_refused_and_nothing_of_it_shown(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="smtp\\+tls://user:password@host:587") as refused:
        mail(url)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__suppress_context__
