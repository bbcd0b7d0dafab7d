"""The order of the tests."""


def pytest_collection_modifyitems(items):
    """Run the browser tests last.

    Playwright leaves an event loop running in this process; beside it nbclient has
    waited for ever for a page's answer.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
