"""How plates are compared."""


def plain_plate(text: str) -> str:
    """The plate as letters and digits alone, in capitals: spaces and dashes of any kind do not count."""
    return "".join(character for character in text if character.isalnum()).upper()
