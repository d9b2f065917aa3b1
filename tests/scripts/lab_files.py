# SPDX-License-Identifier: MIT
"""Files of a made-up lab machine: a kernel, GRUB's, an EFI variable."""

from typing import Dict

RELEASE = "6.1.0-56-amd64"
UUID = "5ca1ab1e-0000-4000-8000-000000000001"
USUAL = f"BOOT_IMAGE=/boot/vmlinuz-{RELEASE} root=UUID={UUID} ro quiet"
MACHINE = "lab"
# As grub-mkconfig 2.06 writes it, as far as it is looked at.
GRUB_CFG = """\
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="0"
fi
if [ -f  ${config_directory}/custom.cfg ]; then
  source ${config_directory}/custom.cfg
elif [ -z "${config_directory}" -a -f  $prefix/custom.cfg ]; then
  source $prefix/custom.cfg
fi
"""
ENV_HEAD = "# GRUB Environment Block\n"


def image(release: str) -> bytes:
    """An EFI program and a bzImage for x86-64 (its boot.rst)."""
    header = {0: b"MZ", 0x202: b"HdrS\x0f\x02", 0x20e: b"\0\1",
              0x236: b"\1", 0x300: f"{release} (me@lab) #1\0".encode()}
    return b"".join(
        text.ljust(end - place, b"\0") for (place, text), end in zip(
            header.items(), [*list(header)[1:], 0x380]))


KERNEL = image(RELEASE)


def environment_block(values: Dict[str, str]) -> bytes:
    """GRUB's file."""
    text = ENV_HEAD + "".join(f"{key}={value}\n"
                              for key, value in values.items())
    return text.encode().ljust(1024, b"#")


def values_of(block: bytes) -> Dict[str, str]:
    """What stands in it."""
    lines = block.decode().rstrip("#").splitlines()[1:]
    return dict(line.split("=", 1) for line in lines)
