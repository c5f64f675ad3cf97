"""Values to Dash component trees: one file per screen, and the live components of the scenes."""
