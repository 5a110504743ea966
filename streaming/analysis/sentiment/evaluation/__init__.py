"""The labelled headlines, and what each scorer makes of them."""
