"""The stage that trains a student on a teacher's table: python -m training.distill."""

from training.common.threads import spin_briefly

spin_briefly()
