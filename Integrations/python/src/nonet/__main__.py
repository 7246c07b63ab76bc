"""``python -m nonet ARGUMENTS`` is ``nonet ARGUMENTS``, and ``python -m nonet pytest`` is ``pytest --nonet``
without importing pytest twice."""

from __future__ import annotations

import sys


def main() -> None:
    from ._errors import NonetError
    from ._program import become, program, require_supported

    try:
        require_supported()
        if sys.argv[1:2] == ["pytest"]:
            from ._session import start_directly

            start_directly(sys.argv[2:])
        path = program()
        become(path, [path, *sys.argv[1:]])
    except (ImportError, NonetError, OSError) as error:
        sys.exit(_failed(error))


def _failed(error: Exception) -> int:
    print(f"nonet: {error}", file=sys.stderr)
    return 125


if __name__ == "__main__":
    main()
