"""The benchmark's contestants, and what measures them; scripts/benchmark.py runs it."""
