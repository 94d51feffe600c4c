import re
from collections import defaultdict

import pytest

from training.resources.hunspell import DictionaryError, expand, read_affixes, read_dictionary

RULES = """SET UTF-8
FLAG UTF-8
TRY aeiou
# plural, feminine, -ería with a plural of its own, infinitives in -ar, and a plural of plurals that never applies
SFX S Y 2
SFX S 0 s [aeo]
SFX S 0 es [^aeos]
SFX G N 1
SFX G o a [^z]o
SFX L Y 1
SFX L o ía/SS ero
SFX À Y 2
SFX À ar ándola ar
SFX À 0 la r
PFX p Y 2
PFX p 0 re [^e]
PFX p 0 r e
PFX q N 1
PFX q 0 anti .
"""


@pytest.fixture
def dictionary(tmp_path):
    def write(entries, *, rules=RULES):
        (tmp_path / "es.aff").write_text(rules, encoding="utf-8")
        (tmp_path / "es.dic").write_text(f"{len(entries)}\n" + "\n".join(entries) + "\n", encoding="utf-8")
        forms = defaultdict(set)
        affixes = read_affixes(tmp_path / "es.aff")
        for stem, flags in read_dictionary(tmp_path / "es.dic"):
            for form in expand(stem, flags=flags, affixes=affixes, derivations="L"):
                forms[form.lemma].add(form.word)
        return dict(forms)

    return write


@pytest.mark.parametrize(
    ("entry", "forms"),
    [
        ("sol/S", {"sol": {"sol", "soles"}}),
        ("gas/S", {"gas": {"gas"}}),
        ("perro/SG", {"perro": {"perro", "perros", "perra"}}),
        ("mozo/G", {"mozo": {"mozo"}}),
        ("carnicero/LS", {"carnicero": {"carnicero", "carniceros"}, "carnicería": {"carnicería", "carnicerías"}}),
        ("cantar/À", {"cantar": {"cantar", "cantándola", "cantarla"}}),
        ("citar/Àp", {"citar": {"citar", "citándola", "citarla"}, "recitar": {"recitar", "recitándola", "recitarla"}}),
        ("estar/p", {"estar": {"estar"}, "restar": {"restar"}}),
        ("actor/pS", {"actor": {"actor", "actores"}, "reactor": {"reactor", "reactores"}}),
        ("gato/Gp", {"gato": {"gato", "gata"}, "regato": {"regato"}}),
        ("gripal/Sq", {"gripal": {"gripal", "gripales"}, "antigripal": {"antigripal"}}),
        ("Mala Pascua\tpo:name", {"Mala Pascua": {"Mala Pascua"}}),
        ("et cetera/?", {"et cetera": {"et cetera"}}),
    ],
)  # fmt: skip
def test_an_entry_takes_the_forms_its_flags_allow(dictionary, entry, forms):
    assert dictionary([entry]) == forms


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("SET ISO8859-1\n", "es.aff:1: 'SET ISO8859-1' is not supported, expected PFX and SFX rules in UTF-8"),
        ("FLAG long\n", "es.aff:1: 'FLAG long' is not supported"),
        ("SET UTF-8\nNEEDAFFIX X\n", "es.aff:2: 'NEEDAFFIX X' is not supported"),
        ("SFX S Y 2\nSFX S 0 s .\n", "flag S has 1 rules, expected 2: is it whole?"),
        ("SFX S Y 1\nSFX S 0\n", "es.aff:2: cannot read the rule 'SFX S 0'"),
        ("SFX S Y many\n", "es.aff:1: cannot read the rule 'SFX S Y many'"),
        ("SFX S Y 1\nSFX S 0 s [a\n", "es.aff:2: cannot read the rule 'SFX S 0 s [a'"),
    ],
)
def test_rules_that_would_give_wrong_forms_are_refused(dictionary, rules, message):
    with pytest.raises(DictionaryError, match=re.escape(message)):
        dictionary(["sol/S"], rules=rules)


def test_a_dictionary_without_a_count_or_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "es.dic"
    path.write_text("sol/S\n")
    with pytest.raises(DictionaryError, match=r"es\.dic:1: found 'sol/S', expected the number of entries"):
        list(read_dictionary(path))
    path.write_bytes("1\nañil\n".encode("latin-1"))
    with pytest.raises(DictionaryError, match=r"es\.dic is not UTF-8"):
        list(read_dictionary(path))
