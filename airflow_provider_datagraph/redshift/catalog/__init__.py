"""The catalog: each query with its page of AWS's documentation, and what its rows become."""
