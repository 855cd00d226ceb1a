"""What `Benchmarks/run` and `Benchmarks/allocations` measure with: processes, load, peers and the figures."""
