"""A form as a browser reads it: what it would send back, and what it says."""

from html.parser import HTMLParser


class PageForm(HTMLParser):
    """``values`` of its fields; those that are ``hidden``, have a help text (``helped``), an error (``wrong``)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.hidden: set[str] = set()
        self.helped: set[str] = set()
        self.wrong: set[str] = set()
        self._select = self._text_area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name, classes = given.get("name", ""), given.get("class", "").split()
        if tag == "ul" and "errorlist" in classes and given.get("id", "").startswith("id_"):
            self.wrong.add(given["id"].removeprefix("id_").removesuffix("_error"))
        if "help" in classes and given.get("id", "").endswith("_helptext"):
            self.helped.add(given["id"].removeprefix("id_").removesuffix("_helptext"))
        if tag == "input" and name and given.get("type") not in ("submit", "button"):
            if given.get("type") == "hidden":
                self.hidden.add(name)
            if given.get("type") != "checkbox":
                self.values[name] = given.get("value", "")
            elif "checked" in given:
                self.values[name] = given.get("value", "on")
        elif tag == "textarea":
            self._text_area, self.values[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.values[self._select] = given.get("value", "")

    def handle_data(self, text: str) -> None:
        if self._text_area:
            self.values[self._text_area] += text

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.values[self._text_area] = self.values[self._text_area].strip()
            self._text_area = ""
        elif tag == "select":
            self._select = ""
