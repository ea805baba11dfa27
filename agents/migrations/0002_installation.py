from typing import Any

from django.db import migrations


def first_row(apps: Any, schema_editor: Any) -> None:
    apps.get_model("agents", "Installation").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial")]
    operations = [migrations.RunPython(first_row, migrations.RunPython.noop)]
