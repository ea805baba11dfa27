from django.db import migrations


def move(apps, schema_editor):
    """What people said so far becomes an example of the agent that it was about."""
    Feedback = apps.get_model("agents", "Feedback")
    for old in apps.get_model("approvals", "Feedback").objects.select_related("action").order_by("pk").iterator():
        Feedback.objects.create(
            action_id=old.action_id, agent_id=old.action.agent_id, tool_id=old.action.tool_id, person_id=old.person_id,
            good=old.good, comment=old.comment, at=old.at,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0012_feedback'),
        ('approvals', '0018_handed_up'),
    ]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.DeleteModel(
            name='Feedback',
        ),
    ]
