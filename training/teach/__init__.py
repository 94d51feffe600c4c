"""The stage that asks a teacher for the vector of every word of a list: python -m training.teach."""

from training.common.threads import spin_briefly

spin_briefly()
