"""Values to drawings: plain-dict Plotly figures for desks, SVG path data for walls and paper."""
