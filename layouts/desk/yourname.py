"""The field for a person's name, the same on every form of the desk."""

from dash import dcc, html

from layouts.view import View

NAME_MOST = 100


def your_name(key: str, view: View) -> html.Label:
    """Return the field with the id ``key``; the browser remembers the name between visits."""
    return html.Label(
        [
            html.Span(view.t("Your name")),
            dcc.Input(
                id=key,
                type="text",
                maxLength=NAME_MOST,
                autoComplete="name",
                persistence="desk",
                persistence_type="local",
                className="bz-input",
            ),
        ],
        className="bz-form__name",
    )
