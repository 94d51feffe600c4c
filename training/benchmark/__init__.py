"""How fast words become vectors, beside what else there is: `python -m training.benchmark`.

- `names.py`: what is measured; `measured.py`: all that a run measures;
- `routes.py`: every way to a vector that is measured, ours and others'; `peers.py` builds the others';
- `earlier.py`: our packages of an earlier commit; `loaded.py`: what a route loads, and how long that takes for words;
- `apart.py` and `answering.py`: a model that is measured in a process of its own;
- `naive.py`: the published architecture written plainly, which `mini` and `base` are measured against;
- `timing.py`: repeated measurements in turns; `words.py`: those of single routes; `hosts.py`: those inside spaCy and
  sentence-transformers;
- `busy.py`: the core on busy cores and idle ones; `costs.py`: what a word costs in it, beside what the machine can do;
- `fresh.py`: load time and memory of a route; `starts.py` and `steps.py`: those of whole processes without torch;
- `stream.py`: millions of words in bounded memory;
- `bars.py`: what is to be reached; `report.py` and `picture.py`: tables and a plot.
"""
