"""The stage that trains spaCy's own components with and without our vectors: python -m training.downstream."""

from training.common.threads import spin_briefly

spin_briefly()
