"""Evidence: a photo of a fine."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("infracciones", "0003_carga")]

    operations = [
        migrations.CreateModel(
            name="Evidencia",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("archivo", models.FileField(upload_to="", verbose_name="photo")),
                ("tipo", models.CharField(editable=False, max_length=20, verbose_name="type")),
                ("bytes", models.IntegerField(editable=False, verbose_name="bytes")),
                ("resumen", models.BinaryField(max_length=32, verbose_name="SHA-256 of the file")),
                (
                    "recibida",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="received"
                    ),
                ),
                (
                    "infraccion",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="evidencia",
                        to="infracciones.infraccion",
                        verbose_name="fine",
                    ),
                ),
            ],
            options={"verbose_name": "evidence", "verbose_name_plural": "evidence of fines"},
        ),
    ]
