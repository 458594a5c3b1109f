"""Indexes for the office's lists of uploads and of its history; that of a fine's officer alone goes: two others begin with the officer."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_NAME = "infracciones_infraccion_oficial_id_f4769c2e"  # as Django made it in 0001
_HISTORY = "historia_reciente"  # of Django's own table, whose list is the newest first


class Migration(migrations.Migration):
    # Concurrently: the version before serves meanwhile.
    atomic = False
    dependencies = [
        ("infracciones", "0006_sin_indice_del_vehiculo"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        # One that broke off left an index that counts for nothing: it is made anew.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS carga_reciente", migrations.RunSQL.noop),
        AddIndexConcurrently("carga", models.Index(fields=["-recibida", "-id"], name="carga_reciente")),
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {_HISTORY}", migrations.RunSQL.noop),
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY {_HISTORY} ON django_admin_log (action_time DESC, id DESC)",
            f"DROP INDEX CONCURRENTLY IF EXISTS {_HISTORY}",
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {_NAME}",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {_NAME} ON infracciones_infraccion (oficial_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="infraccion",
                    name="oficial",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="infracciones",
                        to="infracciones.oficial",
                        verbose_name="officer",
                    ),
                )
            ],
        ),
    ]
