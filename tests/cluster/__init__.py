"""The site on more than one machine: a Redis with a replica, and Sentinels that watch both."""
