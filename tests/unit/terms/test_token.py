import pytest

from billow.terms.token import TOKEN_PREFIXES, is_token, new_token


@pytest.mark.parametrize("kind", sorted(TOKEN_PREFIXES))
def test_a_token_names_its_kind_and_is_never_the_same(kind: str) -> None:
    tokens = {new_token(kind=kind) for _ in range(100)}
    assert len(tokens) == 100
    assert all(is_token(token) and token.startswith(f"{TOKEN_PREFIXES[kind]}_") for token in tokens)


@pytest.mark.parametrize("text", ["INV-2026-00001", "acct_", "acct_0123", "acct_0123456789ABCDEF", "0123456789abcdef"])
def test_other_text_is_no_token(text: str) -> None:
    assert not is_token(text)
