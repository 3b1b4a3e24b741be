"""What ``docker/`` says of containers, and what they would run.

No container is made here: files are linted, rendered and compared with the site, and each entry point is run as a
process with the command and the environment that its container would have.
"""
