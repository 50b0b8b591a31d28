#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/stack_job.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_job
short_description: Run one job service of a compose project to its end
version_added: 0.1.0
description:
  - Starts one service of compose files, such as a migration, as a container of its own, waits until it ends, and
    removes the container.
  - This is an action, not a state, and so no part of M(tenantry.platform.stack). Whether it is due is the caller's to
    know, or that of the file O(creates).
  - When the module was killed before the job ended, the next run finds the container by its labels and waits for that
    instead of starting the job a second time.
  - A container that is started in an operation carries its id as label C(tenantry.operation). What an operation left
    that does not live any more is removed with O(state=absent).
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.docker.objects
  - tenantry.platform.docker.one_off
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: partial
    details:
      - Only with O(creates). Without it every run runs the job.
options:
  state:
    description:
      - V(ended) runs one job to its end.
      - V(absent) removes the containers that jobs and hooks of other operations on O(tenant) left; one that runs is
        stopped with its own grace period first, but a migration is waited for, up to O(timeout). Needs O(operation),
        whose lock says that no other one lives. Containers that name no operation, such as those of
        C(docker compose run) by hand, stay.
    type: str
    choices: [ended, absent]
    default: ended
  project_name:
    description: Name of the compose project, such as C(acme-1f0c9a2e). Required with O(state=ended).
    type: str
  project_src:
    description: Directory of the compose files on the node. Required with O(state=ended).
    type: path
  files:
    description: Compose files in O(project_src), as for M(tenantry.platform.stack).
    type: list
    elements: str
    default: [compose.yaml]
  service:
    description: The service to run. What it depends on must run already. Required with O(state=ended).
    type: str
  tenant:
    description: Whose project this is. Files of any other tenant are refused. Required with O(state=absent).
    type: str
  timeout:
    description: Seconds until the job must have ended. Then it is stopped with its own grace period.
    type: int
    default: 600
  purpose:
    description: What it is, for messages, and for the kinds of errors, which begin with it.
    type: str
    choices: [job, hook]
    default: job
  environment:
    description: Variables of this run alone, by name. They stand in the process list of the node - nothing secret.
    type: dict
    default: {}
  creates:
    description:
      - A file that says that the job is done. When it exists the job is not run.
      - The module writes it after the job has ended with code 0. Its directory must exist.
    type: path
"""

EXAMPLES = r"""
- name: Migrate the database of a release
  tenantry.platform.stack_job:
    project_name: acme-1f0c9a2e
    project_src: /srv/tenantry/acme/releases/20261121T041833Z-1f0c9a2e
    service: migrate
    timeout: 900
    creates: /srv/tenantry/acme/.deploy/20261121T041833Z-1f0c9a2e.migrate

- name: Remove what jobs of an operation left that was killed
  tenantry.platform.stack_job:
    state: absent
    tenant: acme
    operation: "{{ begun.operation | combine({'step': 'left'}) }}"
"""

RETURN = r"""
exit_code:
  description: Code that the job ended with; null when it was not run.
  returned: success, and when error_kind is job_failed
  type: int
logs:
  description: Its last log lines, without what O(redact) and O(redact_files) name.
  returned: success, and when error_kind is job_failed or job_timeout
  type: list
  elements: str
adopted:
  description: Whether an earlier run, whose module was killed, was waited for instead of starting a new one.
  returned: success
  type: bool
removed:
  description: Names of the containers that were removed.
  returned: when O(state=absent)
  type: list
  elements: str
error_kind:
  description:
    - C(job_failed), C(job_timeout), C(job_running), C(hook_failed), C(hook_timeout), C(hook_running),
      C(image_missing), C(foreign_object), C(volume_missing), C(files_missing),
      C(compose_missing), C(compose_failed), C(compose_timeout), C(engine_unreachable), C(engine_error), C(sdk_missing)
      or C(invalid).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.journal import OPERATION_ARGUMENT, step
from ..module_utils.stack_job import JOB_ARGUMENTS, JOB_REQUIRED_IF, run


def main() -> None:
    module = AnsibleModule(
        argument_spec={**JOB_ARGUMENTS, **engine_argument_spec(), **OPERATION_ARGUMENT},
        required_if=JOB_REQUIRED_IF,
        supports_check_mode=True,
    )
    try:
        with step(None if module.check_mode else module.params["operation"]) as keep_or_yield:
            engine = connect(module.params["docker_host"], module.params["docker_timeout"])
            result = run(engine, module.params, module.check_mode, keep_or_yield)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
