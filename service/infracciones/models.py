"""Persons, vehicles, officers, their tokens, and fines."""

from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from infracciones.moments import validate_moment
from infracciones.plates import LONGEST, PlateField


class Persona(models.Model):
    """The owner of vehicles; found by e-mail address, compared without case."""

    nombre = models.CharField(_("name"), max_length=200)
    correo = models.EmailField(_("e-mail address"), max_length=254)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        ordering = ["nombre"]
        constraints = [
            models.UniqueConstraint(
                Lower("correo"),
                name="persona_correo_unico",
                violation_error_message=_("There is a person with this e-mail address already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.nombre} <{self.correo}>"


class Vehiculo(models.Model):
    """A vehicle; its plate is kept as letters and digits alone, in capitals."""

    placa_patente = PlateField(_("plate"), max_length=LONGEST, unique=True)
    marca = models.CharField(_("make"), max_length=60)
    color = models.CharField(_("color"), max_length=40)
    persona = models.ForeignKey(Persona, models.PROTECT, related_name="vehiculos", verbose_name=_("person"))

    class Meta:
        verbose_name = _("vehicle")
        verbose_name_plural = _("vehicles")
        ordering = ["placa_patente"]

    def __str__(self) -> str:
        return self.placa_patente


class Oficial(models.Model):
    """An officer, who loads fines with a token."""

    nombre = models.CharField(_("name"), max_length=200)
    numero = models.CharField(_("unique number"), max_length=40, unique=True)

    class Meta:
        verbose_name = _("officer")
        verbose_name_plural = _("officers")
        ordering = ["numero"]

    def __str__(self) -> str:
        return f"{self.numero} {self.nombre}"


class Token(models.Model):
    """A bearer token of an officer. Only its SHA-256 is kept: a token has 256 random bits, so that a slow hash adds nothing."""

    oficial = models.ForeignKey(Oficial, models.CASCADE, related_name="tokens", verbose_name=_("officer"))
    resumen = models.BinaryField(max_length=32, unique=True, editable=False)
    creado = models.DateTimeField(_("issued"), db_default=Now(), editable=False)
    vence = models.DateTimeField(_("expires"))
    revocado = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        ordering = ["-creado"]

    def __str__(self) -> str:
        return f"{self.oficial.numero}, {self.vence:%Y-%m-%d}"


class Carga(models.Model):
    """An upload: who sent which file when, and what became of its rows."""

    oficial = models.ForeignKey(Oficial, models.PROTECT, related_name="cargas", verbose_name=_("officer"))
    recibida = models.DateTimeField(_("received"), db_default=Now(), editable=False)
    resumen = models.BinaryField(_("SHA-256 of the file"), max_length=32, editable=False)
    bytes = models.BigIntegerField(_("bytes"), editable=False)
    formato = models.CharField(_("format"), max_length=40, editable=False)
    recibidas = models.IntegerField(_("rows"), editable=False)
    nuevas = models.IntegerField(_("new"), editable=False)
    repetidas = models.IntegerField(_("repeated"), editable=False)
    rechazadas = models.IntegerField(_("refused"), editable=False)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-recibida", "-id"]
        indexes = [
            models.Index(fields=["oficial", "-recibida"], name="carga_oficial"),
            models.Index(fields=["-recibida", "-id"], name="carga_reciente"),  # the office's list
        ]

    def __str__(self) -> str:
        return f"{self.oficial.numero}, {self.recibida:%Y-%m-%d %H:%M}"


class Infraccion(models.Model):
    """A fine: what an officer saw a vehicle do, and when.

    `clave` and `dispositivo_id` are what the officer's device calls it: its idempotency key, and its id in an upload.
    """

    id = models.BigAutoField(_("id"), primary_key=True)
    # No index of its own: the report's begins with it, and a planner that has both takes the wrong one.
    vehiculo = models.ForeignKey(
        Vehiculo, models.PROTECT, related_name="infracciones", verbose_name=_("vehicle"), db_index=False
    )
    # Nor this one: both constraints below begin with it.
    oficial = models.ForeignKey(
        Oficial, models.PROTECT, related_name="infracciones", verbose_name=_("officer"), db_index=False
    )
    timestamp = models.DateTimeField(_("date and time"), validators=[validate_moment])
    comentarios = models.CharField(_("comments"), max_length=2000, blank=True)
    registrada = models.DateTimeField(_("recorded"), db_default=Now(), editable=False)
    clave = models.CharField(_("idempotency key"), max_length=255, null=True, editable=False)
    dispositivo_id = models.UUIDField(_("id on the device"), null=True, editable=False)
    # The digest of the fine as the device sent it: who asks again gets the same answer, whatever was corrected since.
    huella = models.BinaryField(max_length=32, null=True, editable=False)
    carga = models.ForeignKey(
        Carga,
        models.PROTECT,
        related_name="infracciones",
        verbose_name=_("upload"),
        null=True,
        editable=False,
        db_index=False,
    )

    class Meta:
        verbose_name = _("fine")
        verbose_name_plural = _("fines")
        ordering = ["-timestamp", "-id"]
        indexes = [
            models.Index(fields=["vehiculo", "-timestamp", "-id"], name="infraccion_informe"),
            models.Index(fields=["-timestamp", "-id"], name="infraccion_reciente"),  # the office's list
            models.Index(fields=["carga"], name="infraccion_carga", condition=models.Q(carga__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["oficial", "clave"], name="infraccion_clave_unica"),
            models.UniqueConstraint(fields=["oficial", "dispositivo_id"], name="infraccion_dispositivo_unico"),
        ]

    def __str__(self) -> str:
        # What the history keeps of a fine that is gone: its number alone would lead nowhere.
        return f"{self.pk}, {self.vehiculo.placa_patente}, {timezone.localtime(self.timestamp):%Y-%m-%d %H:%M}"


class Evidencia(models.Model):
    """The photo of a fine, as it lies in the bucket: without its metadata."""

    infraccion = models.OneToOneField(Infraccion, models.CASCADE, related_name="evidencia", verbose_name=_("fine"))
    archivo = models.FileField(_("photo"), max_length=100)
    tipo = models.CharField(_("type"), max_length=20, editable=False)
    bytes = models.IntegerField(_("bytes"), editable=False)
    resumen = models.BinaryField(_("SHA-256 of the file"), max_length=32, editable=False)
    recibida = models.DateTimeField(_("received"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence of fines")

    def __str__(self) -> str:
        return self.archivo.name
