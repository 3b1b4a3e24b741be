"""Every environment variable the site reads: name, type, default, meaning. ``docs/settings.md`` is made from it."""

from chatsite.variables import content, signing_in, site, watching

VARIABLES = (*site.VARIABLES, *content.VARIABLES, *signing_in.VARIABLES, *watching.VARIABLES)
