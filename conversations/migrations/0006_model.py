from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0005_kept'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='model',
            field=models.CharField(blank=True, default='', help_text='Name in the catalog; empty: the default.', max_length=100, verbose_name='model'),
        ),
        migrations.AddField(
            model_name='preset',
            name='model',
            field=models.CharField(blank=True, default='', help_text='Name in the catalog; empty: the default.', max_length=100, verbose_name='model'),
        ),
    ]
