"""What the product costs, measured beside the least that it could cost: `script/bench`, or `python -m benchmarks`."""
