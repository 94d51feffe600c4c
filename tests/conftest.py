"""One thread for each test process and its children: with tiny tensors, threads cost more than they give."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that asks a hub is wrong: fail at once instead of waiting for it
