# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's words turned into our own, and image names taken apart."""

from __future__ import annotations

import socket
import threading

import docker.errors
import pytest
import requests

from ansible_collections.tenantry.platform.plugins.module_utils.engine import Engine, connect
from ansible_collections.tenantry.platform.plugins.module_utils.engine_containers import (
    Container,
    clean_lines,
    label_filters,
)
from ansible_collections.tenantry.platform.plugins.module_utils.engine_images import ImageName
from ansible_collections.tenantry.platform.plugins.module_utils.engine_networks import refuse_foreign, require_labels
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

DIGEST = "sha256:" + "0123456789abcdef" * 4


def response(status: int, message: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer._content = message.encode()
    return answer


def test_no_socket_says_how_to_install_docker(tmp_path) -> None:
    with pytest.raises(TenantryError, match="Install Docker") as caught:
        connect(f"unix://{tmp_path}/docker.sock")
    assert caught.value.error_kind == "engine_unreachable"


def test_a_socket_that_nobody_listens_on_says_to_start_docker(tmp_path) -> None:
    path = str(tmp_path / "docker.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
    with pytest.raises(TenantryError, match="systemctl start docker") as caught:
        connect(f"unix://{path}")
    assert caught.value.error_kind == "engine_unreachable"


def test_an_engine_that_hangs_up_is_unreachable(tmp_path) -> None:
    path = str(tmp_path / "docker.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def hang_up() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises(TenantryError) as caught:
            connect(f"unix://{path}")
        listener.shutdown(socket.SHUT_RDWR)
    assert caught.value.error_kind == "engine_unreachable"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (docker.errors.NotFound("gone", response(404, "no such container")), "not_found"),
        (docker.errors.APIError("no", response(500, "no"), "the disk is full"), "engine_error"),
        (docker.errors.DockerException("odd"), "engine_unreachable"),
        (requests.exceptions.ConnectionError("cut"), "engine_unreachable"),
        (requests.exceptions.ReadTimeout("slow"), "engine_unreachable"),
    ],
)
def test_what_the_sdk_raises_becomes_an_error_with_a_kind_and_the_action(error: Exception, kind: str) -> None:
    engine = Engine(None, "unix:///var/run/docker.sock")
    with (
        pytest.raises(TenantryError, match="cannot stop container acme-web-1") as caught,
        engine.doing("stop container acme-web-1"),
    ):
        raise error
    assert caught.value.error_kind == kind


@pytest.mark.parametrize(
    ("name", "repository", "tag", "digest", "registry"),
    [
        ("redis", "redis", "latest", None, "docker.io"),
        ("redis:7", "redis", "7", None, "docker.io"),
        ("library/redis:7", "library/redis", "7", None, "docker.io"),
        ("localhost/app", "localhost/app", "latest", None, "localhost"),
        ("127.0.0.1:5055/tenantry/sample:1.0.0", "127.0.0.1:5055/tenantry/sample", "1.0.0", None, "127.0.0.1:5055"),
        ("reg.example.com:5000/app", "reg.example.com:5000/app", "latest", None, "reg.example.com:5000"),
        (f"reg.example.com/app@{DIGEST}", "reg.example.com/app", None, DIGEST, "reg.example.com"),
        (f"reg.example.com/app:2@{DIGEST}", "reg.example.com/app", "2", DIGEST, "reg.example.com"),
    ],
)
def test_image_names_are_taken_apart(
    name: str, repository: str, tag: str | None, digest: str | None, registry: str
) -> None:
    image = ImageName.parse(name)
    assert (image.repository, image.tag, image.digest, image.registry) == (repository, tag, digest, registry)
    assert image.ref(DIGEST) == f"{repository}@{DIGEST}"


@pytest.mark.parametrize("name", ["app@sha256:12", "app@", "app@md5:" + "0" * 64, ":1.0", f"@{DIGEST}"])
def test_image_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(TenantryError) as caught:
        ImageName.parse(name)
    assert caught.value.error_kind == "invalid"


def test_log_lines_reach_no_terminal_with_control_characters() -> None:
    raw = b"\x1b[31mred\x1b[0m\r\n\x1b]0;title\x07plain\ttab\x00\x9b\n" + b"x" * 600 + b"\n\xff\n\n"
    assert clean_lines(raw) == ["red", "plain\ttab\ufffd", "x" * 500 + "…", "\ufffd"]


def test_filters_ask_for_managed_objects_and_for_what_is_named() -> None:
    assert label_filters() == ["tenantry.managed=true"]
    assert label_filters(tenant="acme", project=None, service="web") == [
        "tenantry.managed=true",
        "tenantry.tenant=acme",
        "tenantry.service=web",
    ]


def test_a_container_that_never_started_has_no_start_and_none_for_health() -> None:
    container = Container.from_inspect(
        {
            "Id": "1",
            "Name": "/acme-web-1",
            "Config": {"Labels": {"com.docker.compose.depends_on": "db:service_healthy:false,q:service_started:true"}},
            "State": {"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"},
        }
    )
    assert container.started == ""
    assert container.health == "none"
    assert container.depends_on == ("db", "q")
    assert container.stop_seconds == 10
    assert not container.managed


def test_a_stop_timeout_of_zero_is_kept() -> None:
    assert Container.from_inspect({"Id": "1", "Config": {"StopTimeout": 0}}).stop_seconds == 0


@pytest.mark.parametrize(
    ("labels", "owner", "foreign"),
    [
        ({"tenantry.managed": "true", "tenantry.tenant": "acme"}, "acme", False),
        ({"tenantry.managed": "true", "tenantry.tenant": "acme"}, None, False),
        ({"tenantry.managed": "true"}, "", False),
        ({"tenantry.managed": "true"}, "acme", True),
        ({"tenantry.managed": "true", "tenantry.tenant": "acme"}, "", True),
        ({"tenantry.managed": "true", "tenantry.tenant": "bcme"}, "acme", True),
        ({"tenantry.managed": "false", "tenantry.tenant": "acme"}, "acme", True),
        ({"tenantry.tenant": "acme"}, None, True),
        (None, "acme", True),
    ],
)
def test_an_object_is_ours_by_label_and_owner_alone(
    labels: dict[str, str] | None, owner: str | None, foreign: bool
) -> None:
    if not foreign:
        refuse_foreign("volume", "acme_data", labels, owner)
        return
    with pytest.raises(TenantryError, match="volume acme_data") as caught:
        refuse_foreign("volume", "acme_data", labels, owner)
    assert caught.value.error_kind == "foreign_object"


def test_wanted_objects_must_say_that_they_are_ours() -> None:
    with pytest.raises(TenantryError, match="network n"):
        require_labels("network", {"name": "n", "labels": {"tenantry.tenant": "acme"}})
