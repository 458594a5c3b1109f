"""Uploads, and which fine came by which."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("infracciones", "0002_huella")]

    operations = [
        migrations.CreateModel(
            name="Carga",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "recibida",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="received"
                    ),
                ),
                ("resumen", models.BinaryField(max_length=32, verbose_name="SHA-256 of the file")),
                ("bytes", models.BigIntegerField(editable=False, verbose_name="bytes")),
                ("formato", models.CharField(editable=False, max_length=40, verbose_name="format")),
                ("recibidas", models.IntegerField(editable=False, verbose_name="rows")),
                ("nuevas", models.IntegerField(editable=False, verbose_name="new")),
                ("repetidas", models.IntegerField(editable=False, verbose_name="repeated")),
                ("rechazadas", models.IntegerField(editable=False, verbose_name="refused")),
                (
                    "oficial",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cargas",
                        to="infracciones.oficial",
                        verbose_name="officer",
                    ),
                ),
            ],
            options={
                "verbose_name": "upload",
                "verbose_name_plural": "uploads",
                "ordering": ["-recibida", "-id"],
                "indexes": [models.Index(fields=["oficial", "-recibida"], name="carga_oficial")],
            },
        ),
        migrations.AddField(
            model_name="infraccion",
            name="carga",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="infracciones",
                to="infracciones.carga",
                verbose_name="upload",
            ),
        ),
    ]
