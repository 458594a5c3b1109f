"""Persons, vehicles, officers, their tokens, and fines."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now

from infracciones.plates import plain_plate


class Persona(models.Model):
    """The owner of vehicles; found by e-mail address, compared without case."""

    nombre = models.CharField("nombre", max_length=200)
    correo = models.EmailField("correo electrónico", max_length=254)

    class Meta:
        verbose_name = "persona"
        ordering = ["nombre"]
        constraints = [
            models.UniqueConstraint(
                Lower("correo"),
                name="persona_correo_unico",
                violation_error_message="Ya existe una persona con ese correo.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.nombre} <{self.correo}>"


class Vehiculo(models.Model):
    """A vehicle; its plate is kept as letters and digits alone, in capitals."""

    placa_patente = models.CharField("placa patente", max_length=20, unique=True)
    marca = models.CharField("marca", max_length=60)
    color = models.CharField("color", max_length=40)
    persona = models.ForeignKey(Persona, models.PROTECT, related_name="vehiculos", verbose_name="persona")

    class Meta:
        verbose_name = "vehículo"
        ordering = ["placa_patente"]

    def __str__(self) -> str:
        return self.placa_patente

    def clean(self) -> None:
        self.placa_patente = plain_plate(self.placa_patente)
        if not self.placa_patente:
            raise ValidationError({"placa_patente": "Escriba las letras y los números de la placa."})


class Oficial(models.Model):
    """An officer, who loads fines with a token."""

    nombre = models.CharField("nombre", max_length=200)
    numero = models.CharField("número único", max_length=40, unique=True)

    class Meta:
        verbose_name = "oficial"
        verbose_name_plural = "oficiales"
        ordering = ["numero"]

    def __str__(self) -> str:
        return f"{self.numero} {self.nombre}"


class Token(models.Model):
    """A bearer token of an officer. Only its SHA-256 is kept: a token has 256 random bits, so that a slow hash adds nothing."""

    oficial = models.ForeignKey(Oficial, models.CASCADE, related_name="tokens", verbose_name="oficial")
    resumen = models.BinaryField(max_length=32, unique=True, editable=False)
    creado = models.DateTimeField("creado", db_default=Now(), editable=False)
    vence = models.DateTimeField("vence")
    revocado = models.DateTimeField("revocado", null=True, blank=True)

    class Meta:
        verbose_name = "token"
        ordering = ["-creado"]

    def __str__(self) -> str:
        return f"{self.oficial.numero}, vence {self.vence:%Y-%m-%d}"


class Infraccion(models.Model):
    """A fine: what an officer saw a vehicle do, and when."""

    id = models.BigAutoField("id", primary_key=True)
    vehiculo = models.ForeignKey(Vehiculo, models.PROTECT, related_name="infracciones", verbose_name="vehículo")
    oficial = models.ForeignKey(Oficial, models.PROTECT, related_name="infracciones", verbose_name="oficial")
    timestamp = models.DateTimeField("fecha y hora")
    comentarios = models.CharField("comentarios", max_length=2000, blank=True)
    registrada = models.DateTimeField("registrada", db_default=Now(), editable=False)
    clave = models.CharField("clave de idempotencia", max_length=255, null=True, editable=False)
    dispositivo_id = models.UUIDField("id del dispositivo", null=True, editable=False)

    class Meta:
        verbose_name = "infracción"
        verbose_name_plural = "infracciones"
        ordering = ["-timestamp", "-id"]
        indexes = [models.Index(fields=["vehiculo", "-timestamp", "-id"], name="infraccion_informe")]
        constraints = [
            models.UniqueConstraint(fields=["oficial", "clave"], name="infraccion_clave_unica"),
            models.UniqueConstraint(fields=["oficial", "dispositivo_id"], name="infraccion_dispositivo_unico"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
