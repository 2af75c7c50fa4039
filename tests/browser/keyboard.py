"""What the Tab key reaches on a page."""

#: Where the Tab key has gone: its text, and whether one sees that it is there.
FOCUS = """() => {
    const here = document.activeElement;
    if (here === document.body) return null;
    const style = getComputedStyle(here), box = here.getBoundingClientRect();
    const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return {
        text: (here.innerText || here.ariaLabel || here.title || "").trim(),
        href: here.getAttribute("href"),
        seen: (outline || style.boxShadow !== "none") && box.width > 0 &&
            box.bottom > 0 && box.top < innerHeight && box.right > 0 &&
            box.left < innerWidth && style.visibility === "visible",
    };
}"""
#: A link may glide into view.
ARRIVED = "() => Promise.all(document.getAnimations().map((each) => each.finished))"


def tab_stops(page):
    """All that the Tab key reaches, from the top of a page to its end."""
    found = []
    while len(found) < 500:
        page.keyboard.press("Tab")
        page.evaluate(ARRIVED)
        if not (stop := page.evaluate(FOCUS)):
            break
        found.append(stop)
    return found
