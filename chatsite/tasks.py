"""What recurs for the site as a whole."""

import logging
import subprocess
import sys
from datetime import UTC, datetime

from celery import shared_task
from django.conf import settings

from chatsite.backup import making

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def back_up() -> None:
    """Start a backup when one is due, in a process of its own: the background worker has other work meanwhile."""
    if making.is_due(settings.BACKUP_DIR, datetime.now(UTC)):
        log.info("A backup is due; it is made in %s.", settings.BACKUP_DIR)
        subprocess.Popen([sys.executable, str(settings.BASE_DIR / "manage.py"), "backup"], stdout=subprocess.DEVNULL)
