"""How fast words become vectors, beside what else there is: `python -m training.benchmark`.

- `names.py`: what is measured; `measured.py`: all that a run measures;
- `routes.py`: every way to a vector that is measured, ours and others'; `peers.py` builds the others';
- `naive.py`: the published architecture written plainly, which `mini` and `base` are measured against;
- `timing.py`: repeated measurements in turns; `words.py`: those of single routes; `hosts.py`: those inside spaCy and
  sentence-transformers;
- `fresh.py`: load time and memory in a fresh process; `stream.py`: millions of words in bounded memory;
- `bars.py`: what is to be reached; `report.py` and `picture.py`: tables and a plot.
"""
