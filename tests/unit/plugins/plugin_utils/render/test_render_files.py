# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and manifest of a release, against files that a reviewer can read.

After a wanted change run these tests once with TENANTRY_UPDATE_GOLDEN=1 and read the difference.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import typing as t

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec as specs
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import files, serialize
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render import builders
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render.builders import (
    RELEASE,
    images,
    resolved,
    route,
    secret,
    service,
    spec,
)

GOLDEN = pathlib.Path(__file__).parent / "golden"
CREATED = "2026-11-21T04:18:33Z"
OPERATION = "01JD6Z8V7K3T5Q9W2X4Y6Z8A0B"


def release_files(of: dict[str, t.Any], **secrets: str) -> list[dict[str, t.Any]]:
    values = {one["name"]: f"plain {one['name']}" for one in of["secrets"]}
    return files.release_files(of, RELEASE, images(of), {**values, **secrets}, builders.repositories(of))


def manifest(of: dict[str, t.Any], **changes: t.Any) -> dict[str, t.Any]:
    return files.manifest(
        {**of, **changes}, RELEASE, resolved(of), release_files({**of, **changes}), OPERATION, CREATED
    )


def by_path(of: dict[str, t.Any], **secrets: str) -> dict[str, dict[str, t.Any]]:
    return {file["path"]: file for file in release_files(of, **secrets)}


def rendered(demo: str) -> dict[str, str]:
    of = builders.DEMOS[demo]()
    texts = {
        f"{demo}.{pathlib.PurePath(file['path']).stem}.json": file["content"]
        for file in release_files(of)
        if not file["sensitive"]
    }
    # Its own tests hold the digest of a spec; here it would only make every new field of a spec a change.
    texts[f"{demo}.RELEASE.json"] = serialize.dump({**manifest(of), "spec_digest": "sha256:of-the-spec"})
    return texts


@pytest.mark.parametrize("demo", sorted(builders.DEMOS))
def test_a_release_is_what_a_reviewer_agreed_to(demo: str) -> None:
    texts = rendered(demo)
    if os.environ.get("TENANTRY_UPDATE_GOLDEN"):
        for old in GOLDEN.glob(f"{demo}.*"):
            old.unlink()
        for name, text in texts.items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
    assert {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.glob(f"{demo}.*")} == texts


@pytest.mark.parametrize("demo", sorted(builders.DEMOS))
def test_every_file_is_json_and_yaml_alike(demo: str) -> None:
    for text in rendered(demo).values():
        assert json.loads(text) == yaml.safe_load(text)


def test_files_that_have_nothing_to_say_are_left_out() -> None:
    assert set(by_path(spec())) == {"compose.yaml", "records.json", "route.yml"}
    assert set(by_path(spec(routes=[]))) == {"compose.yaml", "records.json"}
    assert set(by_path(builders.by_labels())) == {"compose.yaml", "records.json"}
    assert set(by_path(spec(services=[service("db", "backing")], routes=[]))) == {"backing.yaml", "records.json"}


def test_rendered_files_are_for_root_and_secrets_for_their_reader_alone() -> None:
    found = by_path(builders.with_secret())
    assert (found["compose.yaml"]["mode"], found["compose.yaml"]["owner"]) == ("0640", 0)
    web = found["secrets/web/token"]
    assert (web["mode"], web["owner"], web["base"], web["content"], web["sensitive"]) == (
        "0400",
        0,
        "release",
        "plain token",
        True,
    )
    cache = next(file for path, file in found.items() if path.startswith("secrets/cache/token-"))
    assert (cache["mode"], cache["owner"], cache["base"], cache["sensitive"]) == ("0400", 998, "shared", True)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_secret_stands_in_its_own_files_alone(value: str) -> None:
    value = f"s3cr3t{value}"
    of = builders.with_secret()
    for file in release_files(of, token=value):
        if file["sensitive"]:
            assert file["content"] == value
        else:
            assert value not in file["content"]
    assert value not in json.dumps(
        files.manifest(of, RELEASE, resolved(of), release_files(of, token=value), None, CREATED), ensure_ascii=False
    )


def test_every_mounted_secret_is_a_file_of_the_release() -> None:
    of = builders.six_services()
    here = {(file["base"], file["path"]) for file in release_files(of)}
    for name in ("compose.yaml", "backing.yaml"):
        for one in json.loads(by_path(of)[name]["content"])["services"].values():
            for mount in one.get("volumes", []):
                if mount["type"] == "bind":
                    source = mount["source"]
                    base = "shared" if source.startswith("../../shared/") else "release"
                    assert (base, source.removeprefix("../../shared/").removeprefix("./")) in here


def test_a_secret_that_was_not_decrypted_is_refused() -> None:
    of = builders.with_secret()
    with pytest.raises(TenantryError, match="was not given"):
        files.release_files(of, RELEASE, images(of), {}, {})


def test_the_manifest_holds_the_digest_of_every_file() -> None:
    of = builders.with_secret()
    described = manifest(of)["files"]
    for file in release_files(of):
        entry = described.pop(file["path"])
        assert entry == {
            "sha256": hashlib.sha256(file["content"].encode()).hexdigest(),
            "mode": file["mode"],
            "owner": file["owner"],
            "base": file["base"],
            "sensitive": file["sensitive"],
        }
    assert described == {}


def test_the_manifest_says_what_to_expect_of_engine_edge_and_name_server() -> None:
    of = builders.six_services()
    found = manifest(of)
    assert found["spec_digest"] == specs.digest(of)
    assert (found["tenant"], found["release"], found["operation"], found["created_at"]) == (
        "acme",
        RELEASE,
        OPERATION,
        CREATED,
    )
    assert found["projects"] == {"app": "acme-1f0c9a2e", "backing": "acme"}
    assert found["route"]["file"] == "route.yml"
    assert found["records"] == json.loads(by_path(of)["records.json"]["content"])
    compose = json.loads(by_path(of)["compose.yaml"]["content"])["services"]
    assert found["services"]["web"] == {
        "kind": "app",
        "replicas": 1,
        "digest": compose["web"]["labels"]["tenantry.spec_digest"],
        "worker": False,
    }


def test_a_tenant_without_a_project_says_so() -> None:
    assert manifest(spec())["projects"]["backing"] is None
    assert manifest(spec(services=[service("db", "backing")], routes=[]))["projects"]["app"] is None


def test_urls_name_scheme_host_and_prefix() -> None:
    assert manifest(builders.two_hostnames())["urls"] == [
        "https://delta.demo.test/api",
        "https://delta.demo.test/",
        "http://www.delta.example/",
    ]


@pytest.mark.parametrize(
    ("images_of", "version"),
    [
        (["registry.example/app:1.2.3"], "1.2.3"),
        (["registry.example:5000/a/app:1.2.3", "registry.example/other:1.2.3"], "1.2.3"),
        (["registry.example/a:1", "registry.example/b:2"], None),
        (["registry.example:5000/app"], None),
        (["registry.example/app@sha256:" + "a" * 64], None),
        (["app:1.2@sha256:" + "a" * 64], "1.2"),
    ],
)
def test_the_version_is_the_tag_that_all_app_services_share(images_of: list[str], version: str | None) -> None:
    of = spec(services=[service(f"s{index}", image=image) for index, image in enumerate(images_of)], routes=[])
    assert manifest(of)["version"] == version
    assert manifest(of, pinned_version="9.9")["version"] == "9.9"


def test_the_same_spec_gives_the_same_bytes() -> None:
    assert release_files(builders.six_services()) == release_files(builders.six_services())


def test_a_template_never_reaches_the_directory_that_traefik_watches() -> None:
    of = spec(routes=[route(hostname='{{ env "SECRET" }}.test')])
    with pytest.raises(TenantryError):
        release_files(of)


def test_two_services_with_one_secret_have_a_file_each() -> None:
    of = spec(
        services=[service("api", secrets=["token"]), service("web", secrets=["token"], hardening={"user": "33:33"})],
        secrets=[secret("token")],
    )
    owners = {path: file["owner"] for path, file in by_path(of).items() if file["sensitive"]}
    assert owners == {"secrets/api/token": 10001, "secrets/web/token": 33}
