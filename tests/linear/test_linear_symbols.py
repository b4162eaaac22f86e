"""Two numbers in a symbol."""

import pytest
import torch

from semjscc.linear.symbols import from_complex, to_complex


def test_a_symbol_holds_two_numbers_and_its_noise_is_that_of_each() -> None:
    numbers = torch.tensor([[3.0, 4.0, 0.0, 5.0]])
    symbols = to_complex(numbers)
    assert symbols.abs().square().tolist()[0] == pytest.approx([12.5, 12.5])
    torch.testing.assert_close(from_complex(symbols), numbers)
