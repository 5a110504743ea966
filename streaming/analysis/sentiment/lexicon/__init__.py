"""Crypto lexicons as data, and the rewriting of texts by them.

A lexicon is a file of a language: terms that VADER's own lexicon lacks or gets wrong in this field, and French ones.
A term has a valence, or the English word whose role it has in VADER's rules: not, very, slightly, but.
"""
