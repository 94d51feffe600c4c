"""Where words go on a map."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from training.common.statistics import SEED


def lay_out(unit: np.ndarray) -> np.ndarray:
    """Places `(words, 2)` of unit vectors `(words, width)`, the same every time (one thread, fixed seed).

    Reduced by PCA and laid out by t-SNE (van der Maaten & Hinton, 2008, "Visualizing data using t-SNE"), so that near
    words are neighbours; far distances mean little.
    """
    with threadpool_limits(limits=1):
        reduced = PCA(n_components=min(30, *unit.shape), svd_solver="full").fit_transform(unit)
        reduced /= reduced.std() or 1.0
        laid_out: np.ndarray = TSNE(
            perplexity=min(12, (len(unit) - 1) / 3), init="pca", random_state=SEED
        ).fit_transform(reduced)
        return laid_out
