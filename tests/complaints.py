"""What a checker of accessibility objects to in a page."""

from axe_playwright_python.sync_playwright import Axe

#: All of what is wrong is wanted; of what is right, describing each element costs most of the time.
WRONG = {"resultTypes": ["violations"]}
#: A colour on its way to another one may be too weak where neither of them is.
AT_REST = "Promise.allSettled(document.getAnimations().map((one) => one.finished))"


def complaints(page):
    """What axe-core objects to, one line each, with the element."""
    page.evaluate(AT_REST)
    found = Axe().run(page, options=WRONG).response["violations"]
    return [
        f"{rule['id']}: {rule['help']} ({node['target']}: {node['html'][:120]})"
        for rule in found
        for node in rule["nodes"]
    ]
