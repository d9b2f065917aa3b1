"""scripts/setup on machines made of stub commands; nothing is installed."""

import pathlib
import shutil
import subprocess

import pytest

SETUP = pathlib.Path(__file__).parents[2] / "scripts" / "setup"

TOOLS = "bash cat dirname env grep mktemp paste rm sed tail".split()

# Plays every package manager. Its folder holds what is so on this machine:
# `installed` has a package a line, `calls` collects the command lines.
STUB = r"""#!/usr/bin/env bash
cd "${0%/*}/.." || exit
name=${0##*/}
echo "$name $*" >>calls

lacking() {
    local package
    for package; do
        [[ $package == -* ]] || grep -qx -- "$package" installed ||
            echo "$package"
    done
}

add() {
    printf '%s\n' "$@" >>installed
    [[ ! -e install_is_void ]] || : >installed
}

case "$name $1" in
"dpkg --print-architecture") echo amd64 ;;
"dpkg --print-foreign-architectures") cat foreign ;;
"dpkg --add-architecture") echo "$2" >foreign ;;
"dpkg --remove-architecture") : >foreign ;;
dpkg-query*) sed '/ /!s/$/ installed/; /:/!s/ /:amd64 /' installed ;;
"rpm -q") lacking "${@:3}" | sed 's/^/no package provides /' ;;
"pacman -T") lacking "${@:2}" ;;
"apt-get update") rm -f fails_before_update ;;
apt-get* | dnf* | pacman* | zypper*)
    if [[ -e fails || -e fails_before_update ]]; then
        echo "E: the archive is on fire" >&2
        exit 100
    fi
    add "$@"
    ;;
"id -u") cat uid ;;
"uname -m") cat machine ;;
sudo*) exec "$@" ;;
python3*) echo /opt/bin/python3 ;;
esac
"""

STUBS = ("apt-get dnf dpkg dpkg-query id pacman python3 rpm sudo uname "
         "zypper").split()


class Machine:
    """A machine with nothing installed, entered as root."""

    def __init__(self, folder, os_release):
        self.folder = folder
        self.commands = folder / "bin"
        self.commands.mkdir()
        for tool in TOOLS:
            (self.commands / tool).symlink_to(shutil.which(tool))
        for name in STUBS:
            stub = self.commands / name
            stub.write_text(STUB)
            stub.chmod(0o755)
        self.write(installed="", calls="", foreign="", uid="0\n",
                   machine="x86_64\n", os_release=os_release)

    def write(self, **files):
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def lack(self, command):
        (self.commands / command).unlink()

    def setup(self, *options):
        return subprocess.run(
            [SETUP, *options], capture_output=True, text=True,
            env={"PATH": str(self.commands),
                 "SYSCOST_OS_RELEASE": str(self.folder / "os_release")})

    def calls(self, start):
        """The command lines run that begin so, in order."""
        lines = (self.folder / "calls").read_text().splitlines()
        return [line for line in lines if line.startswith(start)]


@pytest.fixture
def debian(tmp_path):
    return Machine(tmp_path, "ID=debian\n")


@pytest.fixture
def machine(tmp_path):
    return lambda os_release: Machine(tmp_path, os_release)


FUZZ = {"ID=debian": "clang libclang-rt-dev", "ID=fedora": "clang compiler-rt",
        "ID=arch": "clang compiler-rt", 'ID="opensuse-leap"': "clang"}


def one_line(text):
    return len(text.splitlines()) == 1


FAMILIES = [
    ("ID=debian", "apt-get install -y --no-install-recommends --no-remove",
     "gcc g++ libc6-dev make cmake pkg-config binutils libbenchmark-dev "
     "libhwloc-dev libjansson-dev libmd-dev zlib1g-dev libcmocka-dev python3 "
     "python3-pandas python3-numpy python3-scipy python3-matplotlib "
     "python3-jinja2 python3-pytest python3-pytest-xdist",
     "clang-format clang-tidy shellcheck flake8"),
    ("ID=fedora", "dnf install -y --setopt=install_weak_deps=False",
     "gcc gcc-c++ glibc-devel make cmake pkgconf-pkg-config binutils "
     "google-benchmark-devel hwloc-devel jansson-devel libmd-devel "
     "zlib-devel libcmocka-devel python3 python3-pandas python3-numpy "
     "python3-scipy python3-matplotlib python3-jinja2 python3-pytest "
     "python3-pytest-xdist",
     "clang-tools-extra ShellCheck python3-flake8"),
    ("ID=arch", "pacman -S --noconfirm --needed",
     "gcc glibc make cmake pkgconf binutils benchmark hwloc jansson libmd "
     "zlib cmocka python python-pandas python-numpy python-scipy "
     "python-matplotlib python-jinja python-pytest python-pytest-xdist",
     "clang shellcheck flake8"),
    ('ID="opensuse-leap"',
     "zypper --non-interactive install --no-recommends",
     "gcc gcc-c++ glibc-devel make cmake pkg-config binutils "
     "benchmark-devel hwloc-devel libjansson-devel libmd-devel zlib-devel "
     "libcmocka-devel python3 python3-pandas python3-numpy python3-scipy "
     "python3-matplotlib python3-Jinja2 python3-pytest python3-pytest-xdist",
     "clang ShellCheck python3-flake8"),
]


@pytest.mark.parametrize("os_release, command, base, lint", FAMILIES)
def test_installs_by_the_systems_package_manager(
        machine, os_release, command, base, lint):
    here = machine(os_release)
    done = here.setup("--lint")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (f"setup: installing {base} {lint}\n"
                           "setup: the scripts run on /opt/bin/python3\n")
    [call] = here.calls(command)
    assert call.endswith(f" {base} {lint}")
    assert not here.calls("sudo")


@pytest.mark.parametrize("os_release, command, base, lint", FAMILIES)
def test_lint_adds_to_the_base(machine, os_release, command, base, lint):
    here = machine(os_release)
    assert here.setup().returncode == 0
    [call] = here.calls(command)
    assert call.endswith(f" {base}")
    done = here.setup("--lint")
    assert done.stdout.startswith(f"setup: installing {lint}\n")


@pytest.mark.parametrize("os_release, command, base, lint", FAMILIES)
def test_fuzz_adds_to_the_base(machine, os_release, command, base, lint):
    here = machine(os_release)
    assert here.setup().returncode == 0
    done = here.setup("--fuzz")
    assert done.stdout.startswith(
        f"setup: installing {FUZZ[os_release]}\n")


@pytest.mark.parametrize("os_release, command, base, lint", FAMILIES)
def test_does_nothing_when_nothing_is_missing(
        machine, os_release, command, base, lint):
    here = machine(os_release)
    here.write(installed=base.replace(" ", "\n") + "\n")
    for options in ([], ["--check"]):
        done = here.setup(*options)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == ("setup: nothing is missing\n"
                               "setup: the scripts run on "
                               "/opt/bin/python3\n")
    assert not here.calls(command)


@pytest.mark.parametrize("derived, manager", [
    ('ID=linuxmint\nID_LIKE="ubuntu debian"', "apt-get"),
    ("ID=elementary\nID_LIKE=ubuntu", "apt-get"),
    ('ID=rocky\nID_LIKE="rhel centos fedora"', "dnf"),
    ("ID=manjaro\nID_LIKE=arch", "pacman"),
    ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', "zypper"),
])
def test_a_derived_distribution_is_like_its_parent(
        machine, derived, manager):
    here = machine(derived)
    assert here.setup().returncode == 0
    assert len(here.calls(manager + " ")) >= 1


@pytest.mark.parametrize("os_release, command, base, lint", FAMILIES)
def test_check_only_tells(machine, os_release, command, base, lint):
    here = machine(os_release)
    here.write(installed=base.replace(" ", "\n") + "\n")
    done = here.setup("--check", "--lint")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"setup: missing: {lint}\n"
    assert not here.calls(command)


def test_the_state_of_packages_is_asked_for_once(debian):
    debian.setup("--check", "--lint")
    assert len(debian.calls("dpkg-query")) == 1


def test_a_package_of_another_architecture_does_not_count(debian):
    debian.write(installed="make\nlibhwloc-dev:arm64\nlibfoo-gcc\n")
    missing = debian.setup("--check").stdout.split()
    assert "make" not in missing
    assert "libhwloc-dev" in missing
    assert "gcc" in missing


def test_a_package_for_all_architectures_counts(debian):
    debian.write(installed="python3-pandas:all\n")
    assert "python3-pandas" not in debian.setup("--check").stdout.split()


def test_a_removed_package_whose_configuration_is_left_is_missing(debian):
    debian.write(installed="make:amd64 config-files\n")
    assert "make" in debian.setup("--check").stdout.split()


def test_old_package_lists_are_fetched_and_it_tries_again(debian):
    debian.write(fails_before_update="")
    done = debian.setup()
    assert (done.returncode, done.stderr) == (0, "")
    assert [call.split()[1] for call in debian.calls("apt-get")] == [
        "install", "update", "install"]


@pytest.mark.parametrize("os_release, command, base, lint", FAMILIES)
def test_a_failure_shows_what_the_manager_said(
        machine, os_release, command, base, lint):
    here = machine(os_release)
    here.write(fails="")
    done = here.setup()
    assert done.returncode == 1
    assert "E: the archive is on fire" in done.stderr
    assert "could not install" in done.stderr.splitlines()[-1]


def test_success_that_installed_nothing_is_a_failure(debian):
    debian.write(install_is_void="")
    assert debian.setup().returncode == 1


def test_uses_sudo_when_not_root(debian):
    debian.write(uid="1000\n")
    assert debian.setup().returncode == 0
    [call] = debian.calls("sudo")
    assert call.startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get")


def test_says_so_when_not_root_and_without_sudo(debian):
    debian.write(uid="1000\n")
    debian.lack("sudo")
    done = debian.setup()
    assert done.returncode == 1
    assert one_line(done.stderr) and "no sudo" in done.stderr
    assert "libhwloc-dev" in done.stderr
    assert not debian.calls("apt-get")


def test_checking_needs_neither_root_nor_sudo(debian):
    debian.write(uid="1000\n")
    debian.lack("sudo")
    done = debian.setup("--check")
    assert (done.returncode, done.stderr) == (1, "")


def test_aarch64_adds_the_architecture_first(debian):
    done = debian.setup("--aarch64")
    assert done.returncode == 0
    assert debian.calls("dpkg --add") == ["dpkg --add-architecture arm64"]
    call = debian.calls("apt-get install")[-1]
    for name in ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross",
                 "libhwloc-dev:arm64", "qemu-user"):
        assert name in call.split()
    assert not debian.calls("dpkg --remove")
    assert "nothing is missing" in debian.setup("--aarch64").stdout


def test_the_architecture_is_added_only_for_aarch64_and_once(debian):
    debian.setup()
    debian.setup("--check", "--aarch64")
    assert not debian.calls("dpkg --add")
    debian.write(foreign="i386\narm64\n")
    debian.setup("--aarch64")
    assert not debian.calls("dpkg --add")


def test_the_architecture_goes_again_when_it_cannot_be_used(debian):
    debian.write(fails="")
    assert debian.setup("--aarch64").returncode == 1
    assert debian.calls("dpkg --remove") == [
        "dpkg --remove-architecture arm64"]


def test_aarch64_on_aarch64_needs_nothing_more(debian):
    debian.write(machine="aarch64\n")
    done = debian.setup("--aarch64")
    assert done.returncode == 0
    assert "this machine is aarch64" in done.stdout
    assert "arm64" not in debian.calls("apt-get install")[0]


@pytest.mark.parametrize("os_release", [row[0] for row in FAMILIES[1:]])
def test_aarch64_is_for_apt_only(machine, os_release):
    here = machine(os_release)
    done = here.setup("--aarch64")
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr) and "--aarch64" in done.stderr


@pytest.mark.parametrize("os_release", ["ID=void", "NAME=Nobody", ""])
def test_an_unknown_distribution_gets_the_list(machine, os_release):
    done = machine(os_release).setup("--lint")
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr) and "unknown distribution" in done.stderr
    for name in FAMILIES[0][2].split() + FAMILIES[0][3].split():
        assert name in done.stderr.split()


def test_an_unknown_option_is_named_in_one_line(debian):
    done = debian.setup("--chekc")
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr) and "--chekc" in done.stderr
    assert not debian.calls("")


def test_help_names_every_option(debian):
    done = debian.setup("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in ("--check", "--lint", "--fuzz", "--aarch64"):
        assert option in done.stdout


def test_no_python_that_will_do_is_an_error(debian):
    broken = debian.commands / "python3"
    broken.write_text("#!/usr/bin/env bash\nexit 3\n")
    done = debian.setup()
    assert done.returncode == 1
    assert "no Python" in done.stderr
