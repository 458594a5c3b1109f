"""Answers of MiniStack's that differ from AWS's in a way that matters here, set right."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecr


def mend() -> None:
    """Wraps the handlers; to be called before MiniStack serves."""
    _an_image_that_is_not_there_is_an_error()


def _an_image_that_is_not_there_is_an_error() -> None:
    """The CDK CLI takes an answer without error as a sign that the image was published already, and skips it."""
    plain = ecr._describe_images

    def describe(data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        if name in ecr._repositories:
            for id in data.get("imageIds") or []:
                if not ecr._find_image(name, id):
                    message = f"The image with imageId {id} does not exist within the repository with name '{name}'"
                    return error_response_json("ImageNotFoundException", message, 400)
        return plain(data)

    ecr._describe_images = describe
