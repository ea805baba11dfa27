import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def first_row(apps, schema_editor):
    apps.get_model("agents", "Installation").objects.create(pk=1)


class Migration(migrations.Migration):

    replaces = [
        ('agents', '0001_initial'), ('agents', '0002_installation'), ('agents', '0003_without_touches'), ('agents', '0004_answers'),
        ('agents', '0005_trust'), ('agents', '0006_messages'), ('agents', '0007_attempts'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Installation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('epoch', models.PositiveIntegerField(default=1)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_installation')],
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker', models.CharField(max_length=200, unique=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Agent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=100, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('description', models.TextField(blank=True, default='')),
                ('version', models.CharField(default='1', max_length=64)),
                ('kind', models.CharField(choices=[('plan', 'Scripted plan'), ('recorded', 'Recorded runs')], max_length=20)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='agents', to=settings.AUTH_USER_MODEL)),
                ('ceiling', models.PositiveSmallIntegerField(choices=[(0, 'Asks always'), (1, 'Acts on small things'), (2, 'Acts when it is sure'), (3, 'Acts, and is looked at each time'), (4, 'Acts, and reports later')], default=4)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('ceiling__lte', 4)), name='agent_ceiling_known')],
            },
        ),
        migrations.CreateModel(
            name='Tool',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
                ('version', models.CharField(max_length=64)),
                ('description', models.TextField(blank=True, default='')),
                ('schema', models.JSONField(default=dict)),
                ('effect', models.JSONField(default=dict)),
                ('repeatability', models.CharField(choices=[('read_only', 'Reads only'), ('idempotent', 'May be repeated with the same key'), ('probeable', 'Its outcome can be looked up'), ('once', 'Never repeated')], default='once', max_length=20)),
                ('hints', models.JSONField(default=dict)),
                ('timeout_seconds', models.PositiveIntegerField(default=30)),
                ('enabled', models.BooleanField(default=True)),
                ('declared', models.BooleanField(default=True)),
                ('source', models.CharField(choices=[('built_in', 'Built in'), ('recorded', 'Recorded')], default='built_in', max_length=20)),
                ('ceiling', models.PositiveSmallIntegerField(choices=[(0, 'Asks always'), (1, 'Acts on small things'), (2, 'Acts when it is sure'), (3, 'Acts, and is looked at each time'), (4, 'Acts, and reports later')], default=4)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('ceiling__lte', 4)), name='tool_ceiling_known')],
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='agents.agent')),
                ('agent_version', models.CharField(max_length=64)),
                ('starter', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='started_tasks', to=settings.AUTH_USER_MODEL)),
                ('goal', models.TextField()),
                ('parameters', models.JSONField(default=dict)),
                ('script', models.JSONField(blank=True, null=True)),
                ('mode', models.CharField(choices=[('blocking', 'Waits at each gated step'), ('queue', 'Goes on with what does not depend on it')], default='blocking', max_length=20)),
                ('state', models.CharField(choices=[('QUEUED', 'Queued'), ('RUNNING', 'Running'), ('WAITING_APPROVAL', 'Waiting for approval'), ('PAUSED', 'Paused'), ('SUCCEEDED', 'Succeeded'), ('FAILED', 'Failed'), ('STOPPED', 'Stopped')], default='QUEUED', max_length=20)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('percent', models.PositiveSmallIntegerField(default=0)),
                ('note', models.CharField(blank=True, default='', max_length=300)),
                ('result', models.JSONField(blank=True, null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('runnable_at', models.DateTimeField(blank=True, null=True)),
                ('leased_by', models.CharField(blank=True, default='', max_length=200)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('moved_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('runnable_at__isnull', False)), fields=['runnable_at'], name='task_runnable'), models.Index(condition=models.Q(('leased_until__isnull', False)), fields=['leased_until'], name='task_leased'), models.Index(fields=['state', '-moved_at'], name='task_by_state')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['QUEUED', 'RUNNING', 'WAITING_APPROVAL', 'PAUSED', 'SUCCEEDED', 'FAILED', 'STOPPED'])), name='task_state_known'), models.CheckConstraint(condition=models.Q(('mode__in', ['blocking', 'queue'])), name='task_mode_known'), models.CheckConstraint(condition=models.Q(('percent__lte', 100)), name='task_percent_in_range'), models.CheckConstraint(condition=models.Q(('done__lte', models.F('total'))), name='task_done_within_total')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='agents.task')),
                ('position', models.PositiveIntegerField()),
                ('role', models.CharField(choices=[('user', 'Person'), ('assistant', 'Agent'), ('tool', 'Tool')], max_length=20)),
                ('tool', models.CharField(blank=True, default='', max_length=200)),
                ('text', models.TextField()),
                ('error', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['task', 'position'], name='message_by_task')],
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['user', 'assistant', 'tool'])), name='message_role_known')],
            },
        ),
        migrations.CreateModel(
            name='Action',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='actions', to='agents.task')),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='actions', to='agents.agent')),
                ('tool', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='actions', to='agents.tool')),
                ('tool_name', models.CharField(max_length=200)),
                ('tool_version', models.CharField(blank=True, default='', max_length=64)),
                ('position', models.PositiveIntegerField()),
                ('step', models.CharField(max_length=100)),
                ('depends_on', models.JSONField(default=list)),
                ('state', models.CharField(choices=[('PROPOSED', 'Being checked'), ('PENDING', 'Waiting for approval'), ('APPROVED', 'Approved'), ('EXECUTING', 'In progress'), ('SUCCEEDED', 'Succeeded'), ('FAILED', 'Failed'), ('REJECTED', 'Rejected'), ('EXPIRED', 'Expired, not run'), ('CANCELLED', 'Cancelled'), ('BLOCKED', 'Blocked by policy'), ('UNKNOWN', 'Outcome unknown')], default='PROPOSED', max_length=20)),
                ('version', models.PositiveIntegerField(default=1)),
                ('digest', models.CharField(max_length=64)),
                ('title', models.TextField()),
                ('why', models.TextField(blank=True, default='')),
                ('confidence', models.FloatField(blank=True, null=True)),
                ('level', models.CharField(blank=True, choices=[('low', 'Low risk'), ('medium', 'Medium risk'), ('high', 'High risk'), ('critical', 'Critical')], default='', max_length=20)),
                ('evidence', models.CharField(blank=True, choices=[('clean', 'Approved unchanged and run'), ('wrong', 'Rejected, edited or found wrong')], default='', max_length=10)),
                ('key', models.CharField(blank=True, max_length=200, null=True)),
                ('hold_until', models.DateTimeField(blank=True, null=True)),
                ('fence', models.PositiveBigIntegerField(default=0)),
                ('epoch', models.PositiveIntegerField(default=0)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('leased_by', models.CharField(blank=True, default='', max_length=200)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('result', models.JSONField(blank=True, null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('moved_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'EXECUTING')), fields=['leased_until'], name='action_leased'), models.Index(fields=['state', '-moved_at'], name='action_by_state'), models.Index(fields=['-moved_at'], name='action_recent'), models.Index(fields=['agent', '-moved_at'], name='action_by_agent')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['PROPOSED', 'PENDING', 'APPROVED', 'EXECUTING', 'SUCCEEDED', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'BLOCKED', 'UNKNOWN'])), name='action_state_known'), models.CheckConstraint(condition=models.Q(('confidence__isnull', True), models.Q(('confidence__gte', 0), ('confidence__lte', 1)), _connector='OR'), name='action_confidence_in_range'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'EXECUTING'), _negated=True), models.Q(('fence__gte', 1), ('leased_until__isnull', False)), _connector='OR'), name='action_executes_under_a_lease'), models.UniqueConstraint(condition=models.Q(('state', 'EXECUTING')), fields=('task',), name='one_executing_action'), models.UniqueConstraint(fields=('task', 'position'), name='one_action_per_place'), models.UniqueConstraint(fields=('task', 'step'), name='one_action_per_step'), models.UniqueConstraint(fields=('agent', 'key'), name='one_action_per_key')],
            },
        ),
        migrations.CreateModel(
            name='ActionVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='agents.action')),
                ('version', models.PositiveIntegerField()),
                ('body', models.BinaryField()),
                ('digest', models.CharField(max_length=64)),
                ('title', models.TextField()),
                ('target', models.TextField(blank=True, default='')),
                ('why', models.TextField(blank=True, default='')),
                ('who', models.TextField(blank=True, default='')),
                ('what', models.TextField(blank=True, default='')),
                ('confidence', models.FloatField(blank=True, null=True)),
                ('editor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='edited_versions', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('action', 'version'), name='one_row_per_version')],
            },
        ),
        migrations.CreateModel(
            name='TrustScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trust', to='agents.agent')),
                ('tool', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trust', to='agents.tool')),
                ('agent_version', models.CharField(max_length=64)),
                ('tool_version', models.CharField(max_length=64)),
                ('hundredths', models.SmallIntegerField(default=0)),
                ('clean_ever', models.PositiveIntegerField(default=0)),
                ('wrong_ever', models.PositiveIntegerField(default=0)),
                ('clean_since', models.PositiveIntegerField(default=0)),
                ('wrong_since', models.PositiveIntegerField(default=0)),
                ('offered_at', models.DateTimeField(blank=True, null=True)),
                ('granted_at', models.DateTimeField(blank=True, null=True)),
                ('granted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agent', 'tool', 'agent_version', 'tool_version'), name='one_trust_per_version'), models.CheckConstraint(condition=models.Q(('hundredths__gte', -50), ('hundredths__lte', 100)), name='trust_in_range')],
            },
        ),
        migrations.CreateModel(
            name='StopSwitch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('everything', 'Everything'), ('agent', 'One agent'), ('tool', 'One tool')], max_length=20)),
                ('agent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stops', to='agents.agent')),
                ('tool', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stops', to='agents.tool')),
                ('reason', models.TextField(blank=True, default='')),
                ('engaged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('engaged_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lift_asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lifted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('agent', None), ('scope', 'everything'), ('tool', None)), models.Q(('agent__isnull', False), ('scope', 'agent'), ('tool', None)), models.Q(('agent', None), ('scope', 'tool'), ('tool__isnull', False)), _connector='OR'), name='stop_scope_matches_target'), models.UniqueConstraint(condition=models.Q(('lifted_at', None), ('scope', 'everything')), fields=('scope',), name='one_stop_of_everything'), models.UniqueConstraint(condition=models.Q(('lifted_at', None)), fields=('agent',), name='one_stop_per_agent'), models.UniqueConstraint(condition=models.Q(('lifted_at', None)), fields=('tool',), name='one_stop_per_tool')],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('kind', models.CharField(max_length=40)),
                ('actor_kind', models.CharField(max_length=20)),
                ('actor_id', models.BigIntegerField(blank=True, null=True)),
                ('actor_name', models.CharField(blank=True, default='', max_length=200)),
                ('session_hash', models.CharField(blank=True, default='', max_length=64)),
                ('task', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='agents.task')),
                ('action', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='agents.action')),
                ('version', models.PositiveIntegerField(blank=True, null=True)),
                ('digest', models.CharField(blank=True, default='', max_length=64)),
                ('source', models.CharField(blank=True, default='', max_length=20)),
                ('to', models.CharField(blank=True, default='', max_length=20)),
                ('tier', models.CharField(blank=True, default='', max_length=40)),
                ('policy_version', models.PositiveIntegerField(blank=True, null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('detail', models.JSONField(default=dict)),
            ],
            options={
                'indexes': [models.Index(fields=['kind', '-id'], name='event_by_kind')],
            },
        ),
        migrations.CreateModel(
            name='Guidance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='guidance', to='agents.action')),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('action', 'version'), name='one_guidance_per_version')],
            },
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveBigIntegerField(unique=True)),
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='agents.event')),
                ('previous', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
                ('format', models.PositiveSmallIntegerField(default=1)),
            ],
        ),
        migrations.RunPython(first_row, migrations.RunPython.noop, elidable=True),
    ]
