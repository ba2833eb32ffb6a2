"""The hash over the package's own code: what other code worked out is never taken from a cache."""

from __future__ import annotations

import pytest

from postmortem.ground import code


@pytest.fixture
def hashed(tmp_path, monkeypatch):
    """Return a function that writes a small package and hashes it."""
    monkeypatch.setattr(code, "PACKAGE", tmp_path)

    def of(**files: str) -> str:
        for path in tmp_path.iterdir():
            path.unlink()
        for name, text in files.items():
            (tmp_path / name.replace("_dot_", ".")).write_text(text, encoding="utf-8")
        code.code_hash.cache_clear()
        return code.code_hash()

    yield of
    code.code_hash.cache_clear()


def test_equal_code_has_equal_hashes_and_any_other_code_has_another(hashed):
    first = hashed(one_dot_py="x = 1", reasons_dot_toml="a = 1")
    assert hashed(reasons_dot_toml="a = 1", one_dot_py="x = 1") == first
    others = [
        hashed(one_dot_py="x = 2", reasons_dot_toml="a = 1"),
        hashed(one_dot_py="x = 1", reasons_dot_toml="a = 2"),
        hashed(two_dot_py="x = 1", reasons_dot_toml="a = 1"),
        hashed(one_dot_py="x = 1"),
    ]
    assert len({first, *others}) == 5


def test_what_is_no_code_and_no_taxonomy_changes_nothing(hashed):
    assert hashed(one_dot_py="x = 1", notes_dot_txt="a") == hashed(one_dot_py="x = 1", notes_dot_txt="b")
