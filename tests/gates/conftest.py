"""What pytest must not import by itself when it looks for doctests."""

collect_ignore = ["_torch.py"]  # where PyTorch is missing, it skips the tests that import it
