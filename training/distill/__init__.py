"""The stage that trains a student on a teacher's table: python -m training.distill."""
