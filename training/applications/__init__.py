"""The stage that measures what applications need to know: python -m training.applications."""
