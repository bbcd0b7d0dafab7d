"""Find every face in a photo and read its expression: the course's helper package.

The public names load on first use, so that `import fer_course` is instant.
"""

from importlib import import_module

_HOME = {
    "EXPRESSIONS": "labels",
    "FaceAnalyzer": "analysis.analyzer",
    "ImageError": "images",
    "read_image": "images",
}
__all__ = sorted(_HOME)
__version__ = "0.1.0"


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted([*globals(), *__all__])
