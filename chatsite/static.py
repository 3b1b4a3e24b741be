"""How static files are named: by content, so browsers keep them for ever, imports between ES modules included."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # the library has no types
    """Hashed names also inside ``import … from`` of our modules."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20  # one for each step of the longest chain of imports, and one that finds no change
