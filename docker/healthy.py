"""``python docker/healthy.py 8000/healthz``: whether a process of this container answers at this port and path.

For health checks of containers: standard library only, since it runs every few seconds.
"""

import sys
import urllib.error
import urllib.request

PATIENCE_S = 4


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write("Usage: python docker/healthy.py PORT/PATH\n")
        return 2
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the environment names
    try:
        opener.open(f"http://127.0.0.1:{sys.argv[1]}", timeout=PATIENCE_S).close()
    except urllib.error.HTTPError as error:
        sys.stderr.write(f"{error.code}: {error.read(1000).decode(errors='replace')}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
