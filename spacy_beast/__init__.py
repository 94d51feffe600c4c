"""BEAST for spaCy: a vector for every word, computed from its bytes. There are no out-of-vocabulary words.

Nothing here needs to be imported; spaCy finds it all by name.

**Vectors for a pipeline**, a blank one or any other without vectors of its own:

    nlp = spacy.blank("es")
    nlp.add_pipe("beast_vectors")
    doc = nlp("El perrito ladra.")
    doc[1].vector, doc[1].is_oov, doc[1].similarity(doc[2]), doc.vector

The vectors live on `nlp.vocab.vectors`, as spaCy's own do, so that everything that reads them works: `similarity`,
`vocab.get_vector`, `DocBin`, `nlp.pipe(n_process=2)`, `nlp.to_disk`, `spacy package`. The weights are saved with the
pipeline, and its `meta.json` says whose work they are: those of the model that comes with the package are under
CC BY-SA 4.0. Settings and their defaults:

    nlp.add_pipe("beast_vectors", config={"model": None, "language": None, "attr": "ORTH", "cache_size": 50_000})

- `model`: a language that a model comes for, such as "es", or the path of a model folder, such as `./beast`;
  `language`: always the former, where a folder has that name too. With neither, it is the model of the pipeline's
  language, and that for several languages ("multilingual") in a pipeline for any ("xx").
- `attr`: the token attribute that is embedded, `ORTH` (the text), `LOWER` or `NORM`.
- `cache_size`: how many words' vectors are kept (about a kilobyte each).

**Training a pipeline** with `include_static_vectors = true`: keep the configuration as it is and pass two overrides.
What spaCy's quickstart gives is first filled, as for any training:

    spacy init fill-config base_config.cfg config.cfg
    spacy train config.cfg --paths.vectors null --nlp.vectors.@vectors spacy_beast.BeastVectors.v1

To train with the weights of a saved pipeline that has `beast_vectors`, pass its path as `--paths.vectors` instead.

**Neighbours** among words of your choice; `rows` index the words:

    keys, rows, scores = nlp.vocab.vectors.most_similar(doc[1].vector[None], keys=["gato", "can", "mesa"], n=2)

**Keywords in text**, inflected, misspelt or in another language: `spacy_beast.matcher.BeastMatcher` has the details.

    matcher = nlp.add_pipe("beast_matcher")
    matcher.add_patterns([{"label": "ANIMAL", "pattern": "perro"}])
    doc = nlp("Los perros ladran.")
    doc.spans["beast"], doc.spans["beast"].attrs["scores"]

**Fine-tuning the encoder** inside a pipeline: `spacy_beast.BeastEmbed.v1` is an `embed` layer for spaCy's tok2vec; see
`spacy_beast.tok2vec.create_beast_embed`. It needs torch, and so do models with layers; nothing else here does.
"""

from spacy_beast.vectors import BeastVectors, create_beast_vectors

__all__ = ["BeastVectors", "create_beast_vectors"]
