"""The index of the vehicle alone goes: the report's begins with the vehicle too, and is what a report should be read from."""

import django.db.models.deletion
from django.db import migrations, models

_NAME = "infracciones_infraccion_vehiculo_id_d4df7607"  # as Django made it in 0001


class Migration(migrations.Migration):
    # Concurrently: the version before serves meanwhile, and a drop that waits for its turn would hold up whoever comes next.
    atomic = False
    dependencies = [("infracciones", "0005_indices")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {_NAME}",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {_NAME} ON infracciones_infraccion (vehiculo_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="infraccion",
                    name="vehiculo",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="infracciones",
                        to="infracciones.vehiculo",
                        verbose_name="vehicle",
                    ),
                )
            ],
        )
    ]
