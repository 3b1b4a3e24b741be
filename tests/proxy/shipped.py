"""The proxies' programs and the configurations that we ship; what reads them needs no settings."""

import shutil

from chatsite.environment import ROOT

SHIPPED = ROOT / "docker" / "proxy"
FOLDERS = ("", "/usr/sbin/", "/usr/local/sbin/")
NGINX = """
{user} daemon off; pid {folder}/pid; error_log stderr; worker_processes 1; events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; include {folder}/site.conf; }}
"""


def program(name: str) -> str | None:
    return next((found for folder in FOLDERS if (found := shutil.which(folder + name))), None)
