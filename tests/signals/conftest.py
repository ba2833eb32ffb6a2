"""A small company with everything planted, as a book and with its truth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from asked import book_of_company

from postmortem.book import Book
from postmortem.simulate import Company, build, preset_parameters


@pytest.fixture(scope="package")
def company() -> Company:
    return build(replace(preset_parameters("full"), quarters=4, deals_per_quarter=150))


@pytest.fixture(scope="package")
def company_book(company: Company) -> Book:
    return book_of_company(company)
