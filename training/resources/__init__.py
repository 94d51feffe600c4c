"""Readers of dictionaries, word nets and encoders that come as packages: what is in them, never what it is for."""
