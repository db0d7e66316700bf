"""What tests share. It is imported by name; `conftest.py` files hold fixtures, and nothing else."""
