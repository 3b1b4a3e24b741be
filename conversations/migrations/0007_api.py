"""An index of what is to be purged."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0006_model")]

    operations = [
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["updated_at"], name="conversations_of_api", condition=models.Q(("kind", "api"))
            ),
        ),
    ]
