# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to a Docker engine, and what its failures mean.

The nouns of the engine stand in files of their own: engine_containers, engine_images, engine_networks, engine_volumes.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from .errors import TenantryError

try:
    import docker
    import docker.errors
    import docker.utils
    import requests

    SDK_IMPORT_ERROR: str | None = None
except ImportError as import_error:
    SDK_IMPORT_ERROR = str(import_error)

#: Everything we make on an engine carries this; what does not carry it is not ours to touch.
MANAGED_LABEL = "tenantry.managed"
TENANT_LABEL = "tenantry.tenant"
SERVICE_LABEL = "tenantry.service"
RELEASE_LABEL = "tenantry.release"
SPEC_DIGEST_LABEL = "tenantry.spec_digest"
#: Which operation a container of a job or a hook belongs to.
OPERATION_LABEL = "tenantry.operation"
#: What such a container is run for: ``job``, ``hook`` or ``migration``. Of anything else it says that it belongs to a
#: copy of a tenant.
PURPOSE_LABEL = "tenantry.purpose"
COPY = "rehearsal"
MANAGED = f"{MANAGED_LABEL}=true"

#: An app container in which this file stands fails its health check, so that the edge stops sending requests to it.
#: ``/dev/shm`` is a writable tmpfs in every container, also under a read-only root.
DRAIN_FILE = "/dev/shm/.tenantry-drain"

DEFAULT_SOCKET = "unix:///var/run/docker.sock"


def engine_argument_spec() -> dict[str, dict[str, t.Any]]:
    """Options of the doc fragment tenantry.platform.docker."""
    return {
        "docker_host": {"type": "str"},
        "docker_timeout": {"type": "int", "default": 60},
    }


class Engine:
    """A connected engine.

    :param client: a ``docker.APIClient`` (the low-level client: it returns the engine's own JSON).
    :param host: the address it was reached at, for messages and for the compose command line.
    """

    def __init__(self, client: t.Any, host: str) -> None:
        self.client = client
        self.host = host

    @contextlib.contextmanager
    def doing(self, action: str) -> t.Iterator[None]:
        """Turn what the SDK raises meanwhile into TenantryError.

        :param action: what is being done, as in "stop container acme-web-1".
        :raises TenantryError: kinds ``not_found`` (the object is gone), ``engine_unreachable``, ``engine_error``.
        """
        try:
            yield
        except docker.errors.NotFound as error:
            raise TenantryError(f"cannot {action}: {explain(error)}", "not_found") from error
        except docker.errors.APIError as error:
            raise TenantryError(
                f"cannot {action}: the engine at {self.host} says: {explain(error)}", "engine_error"
            ) from error
        except requests.exceptions.Timeout as error:
            raise TenantryError(
                f"cannot {action}: the Docker engine at {self.host} did not answer in time ({error}): "
                "look at its log and load, or raise docker_timeout",
                "engine_unreachable",
            ) from error
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise TenantryError(
                f"cannot {action}: the connection to the Docker engine at {self.host} broke ({error}): "
                "see that it still runs (systemctl status docker), then run again",
                "engine_unreachable",
            ) from error


def explain(error: BaseException) -> str:
    """What the engine itself said, without the SDK's wrapping."""
    return str(getattr(error, "explanation", None) or error).strip()


def is_missing(error: TenantryError) -> bool:
    """Whether the engine said that the object does not exist (any more)."""
    return error.error_kind == "not_found"


def connect(docker_host: str | None = None, timeout: int = 60) -> Engine:
    """Connect to the engine at ``docker_host``, else at DOCKER_HOST, else at the local socket.

    :param timeout: seconds the engine has for one answer.
    :raises TenantryError: kinds ``sdk_missing``, ``engine_unreachable``.
    """
    if SDK_IMPORT_ERROR is not None:
        raise TenantryError(
            f"the Docker SDK for Python is missing on this node ({SDK_IMPORT_ERROR}): install it for the interpreter "
            "that Ansible uses (Debian: apt install python3-docker; elsewhere: pip install docker)",
            "sdk_missing",
        )
    settings = docker.utils.kwargs_from_env()
    if docker_host:
        settings["base_url"] = docker_host
    settings.setdefault("base_url", DEFAULT_SOCKET)
    host = settings["base_url"]
    try:
        client = docker.APIClient(version="auto", timeout=timeout, **settings)
    except (docker.errors.DockerException, requests.exceptions.RequestException, ValueError) as error:
        raise TenantryError(unreachable_message(host, error), "engine_unreachable", docker_host=host) from error
    return Engine(client, host)


def unreachable_message(host: str, error: Exception) -> str:
    """Why no engine answers at ``host``, and what to do, told apart as far as the file system tells."""
    start = f"no Docker engine answers at {host}"
    path = host[len("unix://") :] if host.startswith("unix://") else None
    if path is None:
        return f"{start} ({error}): start it there, or correct docker_host"
    if not os.path.exists(path):
        return (
            f"{start}: there is no such socket. Install Docker (role tenantry.platform.node does; "
            "Debian: apt install docker.io) or start it (systemctl start docker)"
        )
    if not os.access(path, os.R_OK | os.W_OK):
        return f"{start}: this user may not open the socket. Use become, or add the user to the group docker"
    return f"{start} though the socket exists ({error}): start it (systemctl start docker) and look at its log"
