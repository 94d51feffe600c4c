"""`python -m beast_core`: which way from words to vectors is in use here."""

from importlib.util import find_spec

from beast_core import load_encoder, shipped_languages
from beast_core.kernel import CompiledKernel, path_in_use
from beast_core.kernel.compiled import instruction_sets
from beast_core.threads import available_threads


def main() -> None:
    """The command."""
    kernel, reason = path_in_use()
    print(f"models:  {', '.join(shipped_languages())}")
    told = f"for {instruction_sets()[-1]}" if kernel is CompiledKernel else reason
    print(f"kernel:  {kernel.name} ({told})")
    print(f"threads: {available_threads()}, of many words at a time")
    print(
        f"torch:   {'there' if find_spec('torch') else 'not installed: models with layers, GPUs and training need it'}"
    )
    vector = load_encoder().encode_word("perro")
    print(f"perro:   {', '.join(f'{entry:.4f}' for entry in vector[:4])}, ... ({len(vector)} entries)")


if __name__ == "__main__":
    main()
