# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What status.yml says, that apply-change.yml agrees with it, and that it is mended whoever made it stale."""

from __future__ import annotations

from .long import long
from .stack import PYTHON_SERVICES, Stack, wait_for


def says(stack: Stack, *expected: str) -> None:
    """Status says all of this, and touches nothing."""
    before = stack.processes()
    play = stack.playbook("status.yml")
    assert (play.status, play.changed) == (0, 0), str(play)
    for text in expected:
        assert text in play.flat, f"'{text}' is not told:\n{play}"
    assert stack.processes() == before


def mends(stack: Stack, check: str, **done: set[str]) -> None:
    """Check mode predicts ``check``, apply does exactly ``done`` (services by action), and again nothing."""
    play = stack.apply(check=True)
    assert play.status == 0, str(play)
    assert check in play.flat, str(play)
    play = stack.must_apply()
    assert play.done == done, str(play)
    says(stack, "fresh: http")


def test_a_fresh_stack_is_a_table_of_fresh_services(stack: Stack) -> None:
    stack.must_apply()
    says(stack, *(f"{service} " for service in PYTHON_SERVICES), "fresh: http", "last apply: 20", "database: fresh")
    assert "stale" not in str(stack.playbook("status.yml"))
    listed = stack.playbook("status.yml", all=True)
    assert (listed.status, listed.changed) == (0, 0), str(listed)
    (line,) = [line for line in listed.output.splitlines() if stack.project in line]
    assert line.split()[-5:-1] == [stack.url, str(len(PYTHON_SERVICES)), "of", str(len(PYTHON_SERVICES))]
    assert str(stack.plugin) in line


def test_a_restart_by_somebody_else_is_noticed_and_needs_nothing(stack: Stack) -> None:
    stack.must_apply()
    before = stack.told("netbox-worker")["since"]
    stack.compose("restart", "netbox-worker")
    wait_for(lambda: stack.told("netbox-worker").get("since") not in (None, before), "the worker to be back")
    says(stack, "fresh: http")
    assert stack.apply().changed == 0


@long
def test_a_configuration_file_edited_by_hand_makes_every_service_stale(stack: Stack) -> None:
    extra = stack.checkout / "configuration" / "zz_by_hand.py"
    extra.write_text("CHANGELOG_RETENTION = 3\n", encoding="utf-8")
    try:
        says(stack, "configuration files changed", "stale: apply_change would do restart")
        mends(stack, "restart", restart=set(PYTHON_SERVICES))
    finally:
        extra.unlink()
        stack.must_apply()


def test_packages_installed_by_hand_are_found_and_undone(stack: Stack) -> None:
    site = stack.python("netbox-worker", "import sysconfig; print(sysconfig.get_path('purelib'))")
    stack.compose("exec", "-T", "-u", "root", "netbox-worker", "mkdir", f"{site}/by_hand-1.0.dist-info")
    says(stack, "other packages are installed in it than in its image", "stale: apply_change would do recreate")
    mends(stack, "recreate", recreate={"netbox-worker"})
    assert "by_hand" not in stack.exec("netbox-worker", "ls", site)


def test_a_migration_taken_back_by_hand_is_applied_again(stack: Stack) -> None:
    names = [line.strip() for line in stack.exec("netbox", "ls", "netbox_example/migrations").splitlines()]
    last, before = sorted((n[:-3] for n in names if n.startswith("0")), reverse=True)[:2]
    stack.exec("netbox", "python", "manage.py", "migrate", "netbox_example", before)
    says(stack, f"not applied: netbox_example.{last}", "stale: apply_change would do migrate")
    mends(stack, "migrate", migrate=set(), reload=set(PYTHON_SERVICES))


def test_static_files_that_were_changed_where_they_are_served_from_are_collected_again(stack: Stack) -> None:
    found = stack.exec("netbox", "sh", "-c", "find static/netbox_example -type f | head -1").strip()
    stack.compose("exec", "-T", "-u", "root", "netbox", "sh", "-c", f"echo other > {found}")
    says(stack, "static files: stale, 1 files are to be collected", "stale: apply_change would do collectstatic")
    mends(stack, "collectstatic", collectstatic=set())


def test_a_stopped_service_is_stale(stack: Stack) -> None:
    stack.compose("stop", "netbox-worker")
    says(stack, "netbox-worker ", "exited", "stale: apply_change would do recreate")
    mends(stack, "recreate", recreate={"netbox-worker"})


def test_without_its_database_a_stack_says_what_is_not_known(stack: Stack) -> None:
    stack.compose("stop", "postgres")
    says(stack, "database: unknown, not running: postgres")
    mends(stack, "start", start={"postgres"})


def test_an_empty_database_is_told_and_not_filled_behind_ones_back(stack: Stack) -> None:
    stack.psql("ALTER TABLE django_migrations RENAME TO aside")
    try:
        play = stack.apply()
        assert play.status != 0
        assert "is empty" in play.flat, str(play)
        assert "dev_setup" in play.flat
    finally:
        stack.psql("ALTER TABLE aside RENAME TO django_migrations")


def test_a_database_of_another_netbox_is_told_and_left_alone(stack: Stack) -> None:
    stack.psql("INSERT INTO django_migrations (app, name, applied) VALUES ('dcim', '0211_platforms_unique', now())")
    try:
        says(stack, "applied and not in this NetBox: dcim.0211_platforms_unique", "stale: ")
        for check in (True, False):
            play = stack.apply(check=check)
            assert play.status != 0, str(play)
            assert "this NetBox has no file of: dcim.0211_platforms_unique" in play.flat
            assert "NetBox 4.4 is the first to have" in play.flat
    finally:
        stack.psql("DELETE FROM django_migrations WHERE name = '0211_platforms_unique'")
    stack.assert_fresh()
