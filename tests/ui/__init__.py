"""Tests of the client at a terminal."""
