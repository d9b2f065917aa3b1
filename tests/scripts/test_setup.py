"""scripts/setup on machines made of stub commands; nothing is installed."""

import pathlib
import shutil
import subprocess

import pytest

SETUP = pathlib.Path(__file__).parents[2] / "scripts" / "setup"
FETCH = SETUP.with_name("fetch-guests")

TOOLS = ("bash cat dirname env grep head mkdir mktemp mv paste rm sed tail "
         "touch").split()

# Plays every package manager. Its folder holds what is so on this machine:
# `installed` has a package a line, `calls` collects the command lines.
STUB = r"""#!/usr/bin/env bash
here=$PWD
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
"apt-get update") rm -f fails_before_update download_fails_before_update ;;
"apt-cache depends")
    name=${2#linux-image-cloud-}
    [[ -e no_kernels ]] || echo "  Depends: linux-image-9.1-cloud-$name"
    ;;
"apt-get download")
    if [[ -e download_fails || -e download_fails_before_update ]]; then
        echo "E: 404 Not Found"
        exit 100
    fi
    for package in "${@:2}"; do echo >"$here/$package.deb"; done
    ;;
"dpkg -x")
    [[ ! -e broken_debs ]] || exit 2
    case $2 in
    *linux-image*)
        mkdir "$3/boot" && touch "$3"/boot/{vmlinuz,config,System.map}-9.1
        ;;
    *) mkdir -p "$3/$(cat place)" && touch "$3/$(cat place)/busybox" ;;
    esac
    ;;
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

STUBS = ("apt-cache apt-get dnf dpkg dpkg-query id pacman python3 rpm sudo "
         "uname zypper").split()


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
                   machine="x86_64\n", os_release=os_release,
                   place="bin\n")

    def write(self, **files):
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def lack(self, command):
        (self.commands / command).unlink()

    def setup(self, *options, script=SETUP):
        return subprocess.run(
            [script, *options], capture_output=True, text=True,
            env={"PATH": str(self.commands),
                 "XDG_CACHE_HOME": str(self.folder / "cache"),
                 "SYSCOST_OS_RELEASE": str(self.folder / "os_release")})

    def guests(self):
        """What was fetched to boot guests with, and all that was left."""
        cache = self.folder / "cache"
        return sorted(str(path.relative_to(cache / "syscost" / "guests"))
                      for path in cache.rglob("*") if path.is_file())

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
BROWSER = {"ID=debian": "chromium chromium-driver python3-selenium",
           "ID=fedora": "chromium chromedriver python3-selenium",
           "ID=arch": "chromium python-selenium",
           'ID="opensuse-leap"': "chromium chromedriver python3-selenium"}


def one_line(text):
    return len(text.splitlines()) == 1


FAMILIES = [
    ("ID=debian", "apt-get install -y --no-install-recommends --no-remove",
     "gcc g++ libc6-dev make cmake pkg-config binutils libbenchmark-dev "
     "libhwloc-dev libjansson-dev libmd-dev zlib1g-dev libcmocka-dev python3 "
     "python3-pandas python3-numpy python3-scipy python3-matplotlib "
     "python3-jinja2 python3-pytest python3-pytest-xdist",
     "clang-format clang-tidy shellcheck flake8 help2man yamllint"),
    ("ID=fedora", "dnf install -y --setopt=install_weak_deps=False",
     "gcc gcc-c++ glibc-devel make cmake pkgconf-pkg-config binutils "
     "google-benchmark-devel hwloc-devel jansson-devel libmd-devel "
     "zlib-devel libcmocka-devel python3 python3-pandas python3-numpy "
     "python3-scipy python3-matplotlib python3-jinja2 python3-pytest "
     "python3-pytest-xdist",
     "clang-tools-extra ShellCheck python3-flake8 help2man yamllint"),
    ("ID=arch", "pacman -S --noconfirm --needed",
     "gcc glibc make cmake pkgconf binutils benchmark hwloc jansson libmd "
     "zlib cmocka python python-pandas python-numpy python-scipy "
     "python-matplotlib python-jinja python-pytest python-pytest-xdist",
     "clang shellcheck flake8 help2man yamllint"),
    ('ID="opensuse-leap"',
     "zypper --non-interactive install --no-recommends",
     "gcc gcc-c++ glibc-devel make cmake pkg-config binutils "
     "benchmark-devel hwloc-devel libjansson-devel libmd-devel zlib-devel "
     "libcmocka-devel python3 python3-pandas python3-numpy python3-scipy "
     "python3-matplotlib python3-Jinja2 python3-pytest python3-pytest-xdist",
     "clang ShellCheck python3-flake8 help2man yamllint"),
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


@pytest.mark.parametrize("os_release, client, server", [
    ("ID=debian", "ansible-core openssh-client",
     "openssh-server iproute2 libfaketime"),
    ("ID=fedora", "ansible-core openssh-clients",
     "openssh-server iproute libfaketime"),
    ("ID=arch", "ansible-core openssh", "iproute2 libfaketime"),
    ("ID=opensuse-leap", "ansible-core openssh-clients",
     "openssh-server iproute2 libfaketime")])
def test_only_the_tests_of_the_lab_install_a_server(
        machine, os_release, client, server):
    here = machine(os_release)
    here.setup()
    done = here.setup("--lab")
    assert done.stdout.startswith(f"setup: installing {client}\n")
    done = here.setup("--lab-tests")
    assert done.stdout.startswith(f"setup: installing {server}\n")


@pytest.mark.parametrize("os_release, command, base, lint", FAMILIES)
def test_fuzz_adds_to_the_base(machine, os_release, command, base, lint):
    here = machine(os_release)
    assert here.setup().returncode == 0
    done = here.setup("--fuzz")
    assert done.stdout.startswith(
        f"setup: installing {FUZZ[os_release]}\n")


@pytest.mark.parametrize("os_release, command, base, lint", FAMILIES)
def test_a_browser_is_installed_only_when_it_is_asked_for(
        machine, os_release, command, base, lint):
    here = machine(os_release)
    assert here.setup().returncode == 0
    assert "chrom" not in (here.folder / "calls").read_text()
    done = here.setup("--browser")
    assert done.stdout.startswith(
        f"setup: installing {BROWSER[os_release]}\n")


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
    for option in ("--check", "--lint", "--fuzz", "--browser", "--aarch64",
                   "--vm"):
        assert option in done.stdout


def test_no_python_that_will_do_is_an_error(debian):
    broken = debian.commands / "python3"
    broken.write_text("#!/usr/bin/env bash\nexit 3\n")
    done = debian.setup()
    assert done.returncode == 1
    assert "no Python" in done.stderr


def files_of(*architectures):
    """What is kept of an architecture's packages."""
    return sorted(f"{architecture}/{file}" for architecture in architectures
                  for file in ("bin/busybox", "boot/config-9.1",
                               "boot/vmlinuz-9.1"))


def test_vm_installs_emulators_and_fetches_guests(debian):
    done = debian.setup("--vm")
    assert (done.returncode, done.stderr) == (0, "")
    call = debian.calls("apt-get install")[-1].split()
    for name in ("qemu-system-x86", "qemu-system-arm", "cpio", "util-linux",
                 "gcc-aarch64-linux-gnu", "libhwloc-dev:arm64"):
        assert name in call
    assert debian.guests() == files_of("amd64", "arm64")
    assert debian.calls("apt-get download") == [
        f"apt-get download linux-image-9.1-cloud-{name}:{name} "
        f"busybox-static:{name}" for name in ("amd64", "arm64")]
    assert "linux-image-9.1-cloud-arm64" in done.stdout


def test_vm_does_nothing_when_all_is_there(debian):
    assert debian.setup("--vm").returncode == 0
    debian.write(calls="", download_fails="")
    for options in (["--vm"], ["--vm", "--check"]):
        done = debian.setup(*options)
        assert (done.returncode, done.stderr) == (0, "")
        assert "nothing is missing" in done.stdout
        assert "kernels and busybox are there" in done.stdout
    assert not debian.calls("apt-get")


@pytest.mark.parametrize("missing", ["packages", "guests"])
def test_vm_check_tells_of_packages_and_of_guests(debian, missing):
    assert debian.setup("--vm").returncode == 0
    if missing == "packages":
        debian.write(installed="")
    else:
        shutil.rmtree(debian.folder / "cache" / "syscost" / "guests" / "arm64")
    debian.write(calls="")
    done = debian.setup("--vm", "--check")
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert ("missing: gcc" in told) == (missing == "packages")
    assert ("missing: kernel and busybox of arm64 guests" in told) == (
        missing == "guests")
    assert not debian.calls("apt-get")


def test_vm_on_aarch64_takes_what_is_native(debian):
    debian.write(machine="aarch64\n")
    assert debian.setup("--vm").returncode == 0
    call = debian.calls("apt-get install")[-1].split()
    assert "qemu-system-arm" in call
    assert "qemu-system-x86" not in call and "qemu-user" not in call
    assert debian.guests() == files_of("arm64")


@pytest.mark.parametrize("os_release, name", [
    ("ID=fedora", "qemu-system-x86-core"), ("ID=arch", "qemu-system-x86"),
    ('ID="opensuse-leap"', "qemu-x86")])
def test_vm_without_apt_installs_the_programs_alone(machine, os_release, name):
    here = machine(os_release)
    done = here.setup("--vm")
    assert (done.returncode, done.stderr) == (0, "")
    installed = (here.folder / "installed").read_text().split()
    assert name in installed and "cpio" in installed
    assert not any("aarch64" in one or "arm" in one for one in installed)
    assert "fetching kernels needs apt" in done.stdout
    assert not here.guests()


def test_newer_releases_have_busybox_elsewhere(debian):
    debian.write(place="usr/bin\n")
    assert debian.setup("amd64", script=FETCH).returncode == 0
    assert debian.guests() == files_of("amd64")


def test_old_lists_are_fetched_before_a_kernel_is_given_up(debian):
    debian.write(download_fails_before_update="")
    done = debian.setup("amd64", script=FETCH)
    assert (done.returncode, done.stderr) == (0, "")
    assert debian.guests() == files_of("amd64")
    assert debian.calls("apt-get update")


@pytest.mark.parametrize("what, told", [
    ("no_kernels", "apt knows no linux-image-cloud-amd64"),
    ("download_fails", "404 Not Found"), ("broken_debs", "")])
def test_what_cannot_be_fetched_leaves_nothing_behind(debian, what, told):
    debian.write(**{what: ""})
    done = debian.setup("amd64", script=FETCH)
    assert done.returncode == 1
    assert told in done.stderr
    assert "could not fetch" in done.stderr.splitlines()[-1]
    assert list((debian.folder / "cache/syscost/guests").iterdir()) == []


def test_fetching_both_keeps_the_one_that_came(debian):
    assert debian.setup("amd64", script=FETCH).returncode == 0
    debian.write(download_fails="")
    assert debian.setup("amd64", "arm64", script=FETCH).returncode == 1
    assert debian.guests() == files_of("amd64")


@pytest.mark.parametrize("words", [[], ["riscv64"], ["--chekc"]])
def test_fetching_what_is_not_known_is_wrong_usage(debian, words):
    done = debian.setup(*words, script=FETCH)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr)
    assert not debian.calls("apt")
