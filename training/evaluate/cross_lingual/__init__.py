"""Measures models of several languages against each other: are the words of one near those of another that mean it?"""
