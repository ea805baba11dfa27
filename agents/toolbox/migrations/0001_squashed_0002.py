import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('sandbox', '0001_initial'), ('sandbox', '0002_receipt')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Effect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action_id', models.BigIntegerField()),
                ('version', models.PositiveIntegerField()),
                ('key', models.CharField(max_length=100)),
                ('receipt', models.CharField(blank=True, max_length=100, null=True, unique=True)),
                ('tool', models.CharField(max_length=100)),
                ('family', models.CharField(max_length=40)),
                ('summary', models.TextField()),
                ('detail', models.JSONField(default=dict)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['family', '-id'], name='effect_by_family'), models.Index(fields=['tool', 'key'], name='effect_by_key'), models.Index(fields=['action_id'], name='effect_by_action')],
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('segment', models.CharField(max_length=40)),
                ('consents', models.BooleanField(default=True)),
                ('mails_this_week', models.PositiveSmallIntegerField(default=0)),
                ('city', models.CharField(default='', max_length=60)),
                ('plan', models.CharField(default='basic', max_length=40)),
            ],
            options={
                'indexes': [models.Index(fields=['segment'], name='customer_by_segment')],
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=100)),
                ('currency', models.CharField(default='EUR', max_length=3)),
                ('balance_minor', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True)),
                ('party', models.CharField(max_length=100)),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(default='EUR', max_length=3)),
                ('incoming', models.BooleanField(default=True)),
                ('settled', models.BooleanField(default=False)),
            ],
        ),
    ]
