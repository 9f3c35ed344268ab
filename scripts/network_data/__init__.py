"""The demo's world at any size: SQL that draws each table, and what is planted in it.

Usage: imported by scripts/generate_network.py; nothing to run.
"""
