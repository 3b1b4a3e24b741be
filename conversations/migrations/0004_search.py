import django.db.models.deletion
from django.db import migrations, models

from conversations.search.stores import store


def create_terms(apps, schema_editor):
    store().create(schema_editor)


def drop_terms(apps, schema_editor):
    store().drop(schema_editor)


class Migration(migrations.Migration):
    """The table of entries, and beside it what each database searches. Whoever squashes this keeps the last step.

    SQLite forgets triggers when a table is made anew: a later change of IndexEntry's columns must create them again.
    """

    dependencies = [
        ('conversations', '0003_shelf'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='indexed_title',
            field=models.CharField(blank=True, default='', editable=False, max_length=200),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('title', models.F('indexed_title')), _negated=True), fields=['id'], name='conversations_to_index_title'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('indexed_at', None)), fields=['created_at'], name='conversations_to_index'),
        ),
        migrations.CreateModel(
            name='IndexEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.BigIntegerField(help_text='When it was said: milliseconds since 1970.')),
                ('conversation', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('message', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.message')),
            ],
        ),
        migrations.AddConstraint(
            model_name='indexentry',
            constraint=models.UniqueConstraint(condition=models.Q(('message', None)), fields=('conversation',), name='conversations_indexed_title'),
        ),
        migrations.RunPython(create_terms, drop_terms),
    ]
