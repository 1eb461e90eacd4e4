"""Settings of Sphinx: ``sphinx-build docs docs/_build`` makes the documentation as web pages."""

import trio_https

project = "trio_https"
author = "The founders of trio_https"
release = version = trio_https.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"trio_https {release}"

# Links go to headings, as they do where the documents are read as files.
myst_heading_anchors = 3
# The reference has the order and the words of the source; types stand in the signature.
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
