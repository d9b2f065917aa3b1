// SPDX-License-Identifier: MIT
/* The kernel's configuration: options, hash, packed and plain. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "check.h"
#include "facts.h"
#include "kconfig.h"

#define TEXT                                                                   \
	"#\n# Linux/x86 6.12\n#\nCONFIG_HZ=250\n"                              \
	"# CONFIG_MITIGATION_SLS is not set\nCONFIG_MITIGATION_SRSO=y\n"       \
	"CONFIG_HZ_250=y\nCONFIG_SOUND=m\nCONFIG_LSM=\"a,b\"\n"                \
	"CONFIG_UNKNOWN_TO_US=y\nCONFIG_CPU_UNRET_ENTRY=y\n"

static char root[] = "/tmp/syscost-kconfig-XXXXXX";

static bool can_look_within;

static void make_folder(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void write_bytes(const char *name, const void *bytes, size_t length)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void pack(const char *name, const char *text)
{
	char path[256];
	gzFile file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = gzopen(path, "w");
	assert_non_null(file);
	assert_int_equal(gzwrite(file, text, (unsigned int)strlen(text)),
			 strlen(text));
	assert_int_equal(gzclose(file), Z_OK);
}

/* A machine with nothing but empty folders. */
static int make_root(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root))
		return -1;
	make_folder("proc");
	make_folder("boot");
	make_folder("lib");
	make_folder("lib/modules");
	make_folder("lib/modules/6.12-x");
	can_look_within = facts_set_root(root) == 0;
	return 0;
}

static int remove_root(void **state)
{
	char command[256];

	(void)state;
	facts_set_root(NULL);
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void options_have_values(void **state)
{
	char value[64];

	(void)state;
	assert_true(kconfig_value(TEXT, "CONFIG_HZ", value, sizeof(value)));
	assert_string_equal(value, "250");
	assert_true(kconfig_value(TEXT, "CONFIG_LSM", value, sizeof(value)));
	assert_string_equal(value, "\"a,b\"");
	assert_true(kconfig_value(TEXT, "CONFIG_MITIGATION_SLS", value,
				  sizeof(value)));
	assert_string_equal(value, "n");
	assert_false(kconfig_value(TEXT, "CONFIG_H", value, sizeof(value)));
	assert_false(kconfig_value("", "CONFIG_HZ", value, sizeof(value)));
	assert_true(kconfig_value("CONFIG_HZ=1000", "CONFIG_HZ", value, 3));
	assert_string_equal(value, "10");
}

static void gather(void *argument, const char *option, const char *value)
{
	strcat(argument, option);
	strcat(argument, "=");
	strcat(argument, value);
	strcat(argument, " ");
}

static void what_bears_on_an_entry_is_kept(void **state)
{
	char seen[512] = "";

	(void)state;
	kconfig_each_bearing(TEXT, gather, seen);
	assert_string_equal(seen, "CONFIG_HZ=250 CONFIG_MITIGATION_SLS=n "
				  "CONFIG_MITIGATION_SRSO=y "
				  "CONFIG_CPU_UNRET_ENTRY=y ");
}

static void assert_is_text(const struct kconfig *config, const char *source)
{
	char hash[KCONFIG_HASH_BYTES];

	assert_string_equal(config->text, TEXT);
	assert_string_equal(config->source, source);
	kconfig_hash(config, hash);
	assert_int_equal(strlen(hash), 64);
	assert_string_equal(hash, "b4b3cd18b553ab1de6982029700164b5"
				  "2affcc3a56f103f7b0b159b922e460ec");
}

/* The same text has the same hash, packed or not. */
static void it_is_read_wherever_it_lies(void **state)
{
	struct kconfig config;

	(void)state;
	if (!can_look_within)
		skip_because("no openat2 here");
	assert_int_equal(kconfig_read(&config, "6.12-x"), -ENOENT);
	assert_null(config.text);
	write_bytes("lib/modules/6.12-x/config", TEXT, strlen(TEXT));
	assert_int_equal(kconfig_read(&config, "6.12-x"), 0);
	assert_is_text(&config, "/lib/modules/6.12-x/config");
	kconfig_free(&config);
	write_bytes("boot/config-6.12-x", TEXT, strlen(TEXT));
	assert_int_equal(kconfig_read(&config, "6.12-x"), 0);
	assert_is_text(&config, "/boot/config-6.12-x");
	kconfig_free(&config);
	pack("proc/config.gz", TEXT);
	assert_int_equal(kconfig_read(&config, "6.12-x"), 0);
	assert_is_text(&config, "/proc/config.gz");
	kconfig_free(&config);
}

static void a_damaged_archive_is_no_text(void **state)
{
	static const unsigned char cut[] = { 0x1f, 0x8b, 8, 0, 0, 0 };
	struct kconfig config;

	(void)state;
	if (!can_look_within)
		skip_because("no openat2 here");
	write_bytes("proc/config.gz", cut, sizeof(cut));
	assert_int_equal(kconfig_read(&config, "6.12-x"), -ENOENT);
	write_bytes("proc/config.gz", "", 0);
	write_bytes("boot/config-6.12-x", TEXT, strlen(TEXT));
	assert_int_equal(kconfig_read(&config, "6.12-x"), 0);
	assert_string_equal(config.source, "/boot/config-6.12-x");
	kconfig_free(&config);
}

#define rooted(test)                                                           \
	cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_have_values),
		cmocka_unit_test(what_bears_on_an_entry_is_kept),
		rooted(it_is_read_wherever_it_lies),
		rooted(a_damaged_archive_is_no_text),
	};

	return check_all(tests);
}
