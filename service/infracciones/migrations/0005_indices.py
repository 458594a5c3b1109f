"""Indexes for the office's list and for what an upload made; other calls go on while they are built."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("infracciones", "0004_evidencia")]

    operations = [
        AddIndexConcurrently("infraccion", models.Index(fields=["-timestamp", "-id"], name="infraccion_reciente")),
        AddIndexConcurrently(
            "infraccion",
            models.Index(fields=["carga"], name="infraccion_carga", condition=models.Q(carga__isnull=False)),
        ),
    ]
