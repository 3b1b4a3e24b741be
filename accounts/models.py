"""People who sign in."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person. Signs in by e-mail or name; both are unique whatever their case."""

    email = models.EmailField(_("e-mail address"))
    served_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When a worker last took a reply of this person: the others are next.")
    )
    appearance = models.JSONField(_("appearance"), default=dict, blank=True, editable=False)  # accounts.appearance

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_unique"),
            models.UniqueConstraint(Lower("username"), name="accounts_user_name_unique"),
        ]
