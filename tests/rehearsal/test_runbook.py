"""The runbook's commands are read from its pages, and nothing in capitals is typed as it stands."""

from __future__ import annotations

import pytest

from rehearsal.checks import CheckError
from rehearsal.checks.runbook import BOOKS, commands, pages, text


def test_each_block_says_where_it_is_typed() -> None:
    found = pages(
        "# T\n\n## A\n\n```sh host\nls\n```\n\ntext\n\n```sh operator\ncdk deploy\n```\n\n## B\n\n    not run\n"
    )
    assert found == {"A": [("host", ["ls"]), ("operator", ["cdk deploy"])], "B": []}


def test_capitals_are_filled_in() -> None:
    typed = commands("The data volume is lost", "operator", {"NEXT": "7"})
    assert typed == ["cdk deploy -c data_volume_generation=7 -c restore=latest"]


def test_a_word_without_a_value_is_an_error() -> None:
    with pytest.raises(CheckError, match="wants a value for NEXT"):
        commands("The data volume is lost", "operator", {})


def test_a_page_that_is_not_there_is_an_error_with_the_pages_that_are() -> None:
    with pytest.raises(CheckError, match="its pages are Look around"):
        commands("Look elsewhere", "host", {})


def test_a_page_without_commands_for_the_place_is_an_error() -> None:
    with pytest.raises(CheckError, match="nothing to type for the operator"):
        commands("Look around", "operator", {})


def test_every_block_of_the_runbook_is_one_that_the_rehearsal_can_type() -> None:
    fences = [line for line in text().splitlines() if line.startswith("```") and line != "```"]
    assert set(fences) == {"```sh host", "```sh operator"}
    assert len(fences) == sum(len(blocks) for blocks in pages(text()).values())


def test_no_page_has_the_title_of_another() -> None:
    assert len(pages(text())) == sum(len(pages(book.read_text())) for book in BOOKS)
