from sentence_transformers import SentenceTransformerModelCardData
def read_card(path):
    card = SentenceTransformerModelCardData(
            model_name="BEAST word vectors",
            task_name="the similarity and search of single words",
            local_files_only=True,
        )
    card.usage_examples = ["perro", "perros", "mesa"]
    return card, None
