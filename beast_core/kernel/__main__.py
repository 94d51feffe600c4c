"""`python -m beast_core.kernel`: compiles the library, as installing does."""

import argparse
import sys

from beast_core.kernel.compile import CompilationError, compile_library


def main() -> int:
    """The command; returns its exit code, 0 or, with the reason on standard error, 1."""
    parser = argparse.ArgumentParser(prog="python -m beast_core.kernel", description="Compile the kernel's library.")
    parser.add_argument("--sanitize", action="store_true", help="with AddressSanitizer and UndefinedBehaviorSanitizer")
    options = parser.parse_args()
    try:
        print(compile_library(sanitize=options.sanitize))
    except (CompilationError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
