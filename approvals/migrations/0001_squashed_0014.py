"""Tables of the questions and their answers, and the roles, tiers and first policy that an installation begins with."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

ROLES = {  # slug: (name, decides, seats of other roles it may fill)
    "junior": ("Junior reviewer", True, ()),
    "senior": ("Senior reviewer", True, ("junior",)),
    "security": ("Security reviewer", True, ("junior",)),
    "admin": ("Admin", False, ()),
}
TIERS = {  # level: (weight, minutes, seconds on the card, requester counts, proof again, voices stay fresh for minutes, seats)
    "low": (1, 60, 0, True, False, 24 * 60, ("junior",)),
    "medium": (2, 60, 0, True, False, 24 * 60, ("junior",)),
    "high": (3, 30, 3, False, False, 24 * 60, ("senior",)),
    "critical": (4, 30, 10, False, True, 60, ("senior", "security")),
}
RULES = [
    {
        "name": "Releases and restarts of production need a senior and security", "when": 'tool.startsWith("deploy.")',
        "floor": "critical",
    },
]


def fill(apps, schema_editor):
    role, tier, need = (apps.get_model("approvals", name) for name in ("Role", "Tier", "TierRequirement"))
    made = {slug: role.objects.create(slug=slug, name=name, decides=decides) for slug, (name, decides, _) in ROLES.items()}
    for slug, (_name, _decides, others) in ROLES.items():
        made[slug].fills.set([made[other] for other in others])
    for level, (weight, minutes, seconds, requester, proof, fresh, seats) in TIERS.items():
        row = tier.objects.create(
            level=level, weight=weight, deadline_minutes=minutes, card_seconds=seconds, requester_counts=requester,
            reauthenticate=proof, fresh_minutes=fresh,
        )
        for slug in seats:
            need.objects.create(tier=row, role=made[slug])
    apps.get_model("approvals", "Policy").objects.create(version=1, active=True, rules=RULES, note="The first policy.")


class Migration(migrations.Migration):

    replaces = [
        ('approvals', '0001_initial'), ('approvals', '0002_defaults'),
        ('approvals', '0003_card_opening'), ('approvals', '0004_rules'),
        ('approvals', '0005_trials'), ('approvals', '0006_answers'),
        ('approvals', '0007_feedback'), ('approvals', '0008_precedents'),
        ('approvals', '0009_people'), ('approvals', '0010_answered'),
        ('approvals', '0011_numbers'), ('approvals', '0012_waiver'),
        ('approvals', '0013_orders'), ('approvals', '0014_more_time'),
    ]

    initial = True

    dependencies = [
        ('agents', '0001_squashed_0007'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Role',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('decides', models.BooleanField(default=True)),
                ('fills', models.ManyToManyField(blank=True, related_name='filled_by', to='approvals.role')),
                ('members', models.ManyToManyField(blank=True, related_name='roles', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Tier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('low', 'Low risk'), ('medium', 'Medium risk'), ('high', 'High risk'), ('critical', 'Critical')], max_length=20, unique=True)),
                ('deadline_minutes', models.PositiveIntegerField()),
                ('at_zero', models.CharField(choices=[('expire', 'then expires'), ('hand_up', 'then goes up one tier')], default='expire', max_length=20)),
                ('requester_counts', models.BooleanField(default=True)),
                ('reauthenticate', models.BooleanField(default=False)),
                ('fresh_minutes', models.PositiveIntegerField(default=1440)),
                ('hold_seconds', models.PositiveIntegerField(default=0)),
                ('card_seconds', models.PositiveIntegerField(default=0)),
                ('weight', models.PositiveSmallIntegerField()),
            ],
            options={
                'ordering': ['weight'],
                'constraints': [models.CheckConstraint(condition=models.Q(('deadline_minutes__gte', 1)), name='tier_leaves_time'), models.CheckConstraint(condition=models.Q(('requester_counts', False), ('level__in', ['low', 'medium']), _connector='OR'), name='requester_never_counts_at_high')],
            },
        ),
        migrations.CreateModel(
            name='TierRequirement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tier', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='requirements', to='approvals.tier')),
                ('role', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='approvals.role')),
                ('count', models.PositiveSmallIntegerField(default=1)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('tier', 'role'), name='one_requirement_per_role'), models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='requirement_needs_somebody')],
            },
        ),
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(unique=True)),
                ('active', models.BooleanField(default=False)),
                ('thresholds', models.JSONField(default=dict)),
                ('rules', models.JSONField(default=list)),
                ('note', models.TextField(blank=True, default='')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('active', True)), fields=('active',), name='one_active_policy')],
            },
        ),
        migrations.CreateModel(
            name='Verdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='agents.action')),
                ('version', models.PositiveIntegerField()),
                ('facts', models.JSONField()),
                ('score', models.FloatField()),
                ('level', models.CharField(choices=[('low', 'Low risk'), ('medium', 'Medium risk'), ('high', 'High risk'), ('critical', 'Critical')], max_length=20)),
                ('reasons', models.JSONField(default=list)),
                ('outcome', models.CharField(choices=[('auto', 'Runs on its own'), ('review_after', 'Runs, and is reviewed after'), ('approve', 'Needs approval'), ('input', 'Needs an answer'), ('block', 'Blocked')], max_length=20)),
                ('tier', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='approvals.tier')),
                ('deadline_minutes', models.PositiveIntegerField(blank=True, null=True)),
                ('at_zero', models.CharField(blank=True, choices=[('expire', 'then expires'), ('hand_up', 'then goes up one tier')], default='', max_length=20)),
                ('hold_seconds', models.PositiveIntegerField(default=0)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='approvals.policy')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='verdict_recent')],
                'constraints': [models.UniqueConstraint(fields=('action', 'version'), name='one_verdict_per_version')],
            },
        ),
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trials', to='approvals.policy')),
                ('rules', models.JSONField()),
                ('thresholds', models.JSONField(default=dict)),
                ('digest', models.CharField(max_length=64)),
                ('days', models.PositiveSmallIntegerField()),
                ('back_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='approvals.policy')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('reached', models.PositiveBigIntegerField(default=0)),
                ('until', models.PositiveBigIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('moved_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ended_at', None)), fields=['moved_at'], name='trial_running')],
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('trial', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='approvals.trial')),
                ('verdict', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='approvals.verdict')),
                ('kind', models.CharField(choices=[('passes', 'Was rejected or edited, and would now pass'), ('alone', 'Would have run alone')], max_length=10)),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('trial', 'kind', 'verdict'), name='one_finding_per_verdict')],
            },
        ),
        migrations.CreateModel(
            name='Amendment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('looser', models.BooleanField()),
                ('reason', models.TextField()),
                ('state', models.CharField(choices=[('open', 'Waits for a second admin'), ('in_force', 'Came into force'), ('refused', 'Refused'), ('overtaken', 'Overtaken by another version')], default='open', max_length=20)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('waiver', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='approvals.policy')),
                ('trial', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='amendment', to='approvals.trial')),
                ('note', models.TextField(blank=True, default='')),
                ('policy', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='amendment', to='approvals.policy')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['open', 'in_force', 'refused', 'overtaken'])), name='amendment_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('looser', True), ('state', 'in_force'), _negated=True), models.Q(('asked_by', models.F('settled_by')), _negated=True), _connector='OR'), name='looser_rules_need_a_second_admin'), models.CheckConstraint(condition=models.Q(models.Q(('looser', True), ('state', 'in_force'), _negated=True), ('settled_by__isnull', False), ('waiver__isnull', False), _connector='OR'), name='looser_rules_never_alone'), models.CheckConstraint(condition=models.Q(('waiver', None), models.Q(('looser', True), ('settled_by', None), ('state', 'in_force')), _connector='OR'), name='amendment_waiver_stands_for_somebody'), models.CheckConstraint(condition=models.Q(('state', 'in_force'), ('policy', None), _connector='XOR'), name='in_force_has_its_policy')],
            },
        ),
        migrations.CreateModel(
            name='Precedent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='precedents', to='agents.agent')),
                ('kind', models.CharField(choices=[('tool', 'Tool'), ('recipient', 'Recipient'), ('account', 'Account'), ('amount', 'Amount'), ('refused', 'Refused call')], max_length=20)),
                ('mark', models.CharField(max_length=32)),
                ('largest_minor', models.PositiveBigIntegerField(default=0)),
                ('count', models.PositiveIntegerField(default=1)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agent', 'mark'), name='one_precedent_per_mark')],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tallies', to='agents.agent')),
                ('slot', models.DateTimeField()),
                ('currency', models.CharField(blank=True, default='', max_length=3)),
                ('recipients', models.PositiveBigIntegerField(default=0)),
                ('amount_minor', models.PositiveBigIntegerField(default=0)),
                ('rows', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agent', 'slot', 'currency'), name='one_tally_per_slot')],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('looser', models.BooleanField()),
                ('reason', models.TextField()),
                ('state', models.CharField(choices=[('open', 'Waits for a second admin'), ('in_force', 'Came into force'), ('refused', 'Refused'), ('overtaken', 'Overtaken by another version')], default='open', max_length=20)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('waiver', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='approvals.policy')),
                ('kind', models.CharField(choices=[('tier', 'Tier'), ('role', 'Role'), ('roles', 'Roles of'), ('access', 'Account of')], max_length=20)),
                ('slug', models.CharField(blank=True, default='', max_length=40)),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to=settings.AUTH_USER_MODEL)),
                ('before', models.JSONField()),
                ('wanted', models.JSONField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['kind', 'slug', 'person'], name='change_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['open', 'in_force', 'refused', 'overtaken'])), name='change_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['tier', 'role']), ('person', None), models.Q(('slug', ''), _negated=True)), models.Q(('kind__in', ['roles', 'access']), ('person__isnull', False), ('slug', '')), _connector='OR'), name='change_is_about_one_thing'), models.CheckConstraint(condition=models.Q(models.Q(('looser', True), ('state', 'in_force'), _negated=True), models.Q(('asked_by', models.F('settled_by')), _negated=True), _connector='OR'), name='looser_changes_need_a_second_admin'), models.CheckConstraint(condition=models.Q(models.Q(('looser', True), ('person', None), ('state', 'in_force'), _negated=True), ('settled_by__isnull', False), ('waiver__isnull', False), _connector='OR'), name='looser_tiers_and_roles_never_alone'), models.CheckConstraint(condition=models.Q(('waiver', None), models.Q(('looser', True), ('settled_by', None), ('state', 'in_force')), _connector='OR'), name='change_waiver_stands_for_somebody')],
            },
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='agents.action')),
                ('asked', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='agents.actionversion')),
                ('verdict', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='approvals.verdict')),
                ('tier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='approvals.tier')),
                ('kind', models.CharField(choices=[('approve', 'Approve'), ('input', 'Answer'), ('review', 'Review after the fact'), ('settle', 'Say what happened')], default='approve', max_length=20)),
                ('state', models.CharField(choices=[('open', 'Open'), ('satisfied', 'Approved'), ('answered', 'Answered'), ('rejected', 'Rejected'), ('expired', 'Expired'), ('cancelled', 'Cancelled'), ('stale', 'Superseded')], default='open', max_length=20)),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('deadline', models.DateTimeField(blank=True, null=True)),
                ('at_zero', models.CharField(choices=[('expire', 'then expires'), ('hand_up', 'then goes up one tier')], default='expire', max_length=20)),
                ('urgency', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('extended', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['urgency'], name='approval_queue'), models.Index(condition=models.Q(('deadline__isnull', False), ('state__in', ['open', 'answered'])), fields=['deadline'], name='approval_due'), models.Index(condition=models.Q(('state', 'open')), fields=['opened_at'], name='approval_oldest'), models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['-closed_at'], name='approval_closed')],
                'constraints': [models.CheckConstraint(condition=models.Q(('extended__lte', 10)), name='approval_extended_ten_times'), models.CheckConstraint(condition=models.Q(('kind__in', ['approve', 'input', 'review', 'settle'])), name='approval_kind_known'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'satisfied', 'answered', 'rejected', 'expired', 'cancelled', 'stale'])), name='approval_state_known'), models.CheckConstraint(condition=models.Q(('kind__in', ['review', 'settle']), ('deadline__isnull', False), _connector='OR'), name='approval_has_a_deadline'), models.UniqueConstraint(fields=('asked', 'kind'), name='one_approval_per_version'), models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('action',), name='one_open_approval')],
            },
        ),
        migrations.CreateModel(
            name='CardView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='card_views', to=settings.AUTH_USER_MODEL)),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='views', to='approvals.approval')),
                ('version', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('template_version', models.CharField(max_length=40)),
                ('surface', models.CharField(choices=[('board', 'Board'), ('card', 'Card')], max_length=10)),
                ('nonce_hash', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'approval', 'nonce_hash'), name='one_view_per_nonce')],
            },
        ),
        migrations.CreateModel(
            name='CardOpening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('view', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='openings', to='approvals.cardview')),
                ('part', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('view', 'part'), name='one_opening_per_part')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='approvals.approval')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to=settings.AUTH_USER_MODEL)),
                ('answer', models.CharField(choices=[('approve', 'approved'), ('reject', 'rejected'), ('edit', 'edited'), ('happened', 'says it happened'), ('did_not_happen', 'says it did not happen'), ('cannot_tell', 'cannot tell'), ('respond', 'answered'), ('fine', 'found it fine'), ('wrong', 'found it wrong')], max_length=20)),
                ('note', models.TextField(blank=True, default='')),
                ('roles', models.JSONField(default=list)),
                ('seat', models.CharField(blank=True, default='', max_length=40)),
                ('version', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('view', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='approvals.cardview')),
                ('template_version', models.CharField(max_length=40)),
                ('policy_version', models.PositiveIntegerField()),
                ('session_hash', models.CharField(max_length=64)),
                ('assurance', models.CharField(max_length=40)),
                ('nonce_hash', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['-at'], name='decision_recent'), models.Index(fields=['person', '-at'], name='decision_by_person')],
                'constraints': [models.CheckConstraint(condition=models.Q(('answer__in', ['approve', 'reject', 'edit', 'happened', 'did_not_happen', 'cannot_tell', 'respond', 'fine', 'wrong'])), name='decision_answer_known'), models.UniqueConstraint(condition=models.Q(('answer__in', ['approve', 'reject', 'happened', 'did_not_happen'])), fields=('approval', 'person'), name='one_voice_per_person_and_version'), models.UniqueConstraint(fields=('approval', 'person', 'nonce_hash'), name='one_answer_per_nonce')],
            },
        ),
        migrations.CreateModel(
            name='Feedback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='feedback', to='agents.action')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='feedback', to=settings.AUTH_USER_MODEL)),
                ('good', models.BooleanField()),
                ('comment', models.TextField(blank=True, default='')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('action', 'person'), name='one_feedback_per_person')],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
