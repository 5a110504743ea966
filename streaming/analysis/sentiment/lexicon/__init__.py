"""The crypto lexicons, as data, and how a text is read through one.

A lexicon is a file of a language: what VADER's own lexicon lacks, gets wrong in this field, or has no French for.
A term has a valence, or the English word whose part it plays in VADER's rules: not, very, slightly, but.
"""
