/* test_elsewhere - `state` and `remote` in qlimit.conf, which move what the programs look for */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "harness_faults.h"
#include "log.h"
#include "suites.h"

#define USUAL "/var/lib/qlimit" /* built in */
#define NOBODY 65534
#define SAID 4096

/* --- in a root directory of our own, since the usual place is built in --- */

static void
make(const char *directory)
{
	ck_assert_msg(mkdir(directory, 0700) == 0, "%s: %s", directory, strerror(errno));
}

/* For good: every test has a process of its own, and harness_main.c removes what it leaves. */
static void
enter_place(void)
{
	harness_start();
	ck_assert_int_eq(chdir(harness_path(".")), 0);
	ck_assert_int_eq(chroot("."), 0);
	make("/var");
	make("/var/lib");
	make(USUAL);
	make("/srv");
	make("/srv/q");
	(void)unsetenv("QLIMIT_STATE");
	(void)unsetenv("QLIMIT_REMOTE");
	(void)setenv("QLIMIT_CONFIG", "/q.conf", 1);
	log_to("/none");
}

/* What a command has written to stdout and stderr. */
static char said[SAID];

static int
run(int (*command)(struct admin *), char *name, bool json)
{
	char *names[] = { name, NULL };
	static struct admin a;
	ssize_t n;
	int fd, status;

	admin_init(&a, HARNESS_NOW);
	a.names = names;
	a.option[ADMIN_JSON] = json ? "" : NULL;
	(void)unlink("/said");
	ck_assert_ptr_nonnull(freopen("/said", "a", stdout));
	ck_assert_ptr_nonnull(freopen("/said", "a", stderr));
	status = command(&a);
	ck_assert(fflush(stdout) == 0 && fflush(stderr) == 0);
	fd = open("/said", O_RDONLY | O_CLOEXEC);
	n = read(fd, said, sizeof said - 1);
	said[n > 0 ? n : 0] = '\0';
	(void)close(fd);
	return status;
}

static void
is(int status, int wanted, const char *words)
{
	ck_assert_msg(status == wanted && strstr(said, words) != NULL, "status %d, wanted %d, \"%s\":\n%s",
	    status, wanted, words, said);
}

/* Long ago: else each load would wait for the file to settle. */
static void
configure(const char *text)
{
	const struct timespec then[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };

	harness_write("/q.conf", text, strlen(text));
	ck_assert_int_eq(utimensat(AT_FDCWD, "/q.conf", then, 0), 0);
}

/* What limit a delivery of this domain would meet, in the place where the wrapper would look. */
static void
limit_is(const char *shown)
{
	char domain[] = "x.example";

	is(run(admin_show, domain, false), EX_OK, shown);
}

/* There is no /proc in here, without which LeakSanitizer calls it an error. */
static void
leave_place(void)
{
	_exit(0);
}

/* Goal: what `state` says is where every command goes, as the wrapper does, without being told again. */
START_TEST(test_state_moves)
{
	struct essentials e;

	configure("default = { max_per_hour = 1111; };");
	is(run(admin_load, NULL, false), EX_OK, "5 added");
	limit_is(" 1111 ");
	ck_assert_int_eq(essentials_read(&e, USUAL), 0);
	ck_assert_str_eq(e.state, "");
	configure("state = \"/srv/q\"; default = { max_per_hour = 2222; };");
	is(run(admin_load, NULL, false), EX_OK, "5 added");
	ck_assert_int_eq(essentials_read(&e, USUAL), 0);
	ck_assert_str_eq(e.state, "/srv/q");
	ck_assert_int_eq(access("/srv/q/live.mdb", F_OK), 0);
	limit_is(" 2222 ");
	is(run(admin_status, NULL, false), EX_OK, "store:         /srv/q: live.mdb ");
}
END_TEST

/* Goal: not set any more, it is the usual place again; but not before a load has succeeded there. */
START_TEST(test_state_moves_back)
{
	configure("state = \"/srv/q\"; default = { max_per_hour = 2222; };");
	is(run(admin_load, NULL, false), EX_OK, "5 added");
	make(USUAL "/lock");
	configure("default = { max_per_hour = 3333; };");
	is(run(admin_load, NULL, false), EX_IOERR, USUAL);
	limit_is(" 2222 ");
	ck_assert_int_eq(rmdir(USUAL "/lock"), 0);
	is(run(admin_load, NULL, false), EX_OK, "5 added");
	limit_is(" 3333 ");
	is(run(admin_status, NULL, false), EX_OK, "store:         " USUAL ": live.mdb ");
}
END_TEST

/* Goal: QLIMIT_STATE settles it, whatever the files say. */
START_TEST(test_state_of_the_environment)
{
	struct essentials e;

	configure("state = \"/srv/q\"; default = { max_per_hour = 1111; };");
	is(run(admin_load, NULL, false), EX_OK, "5 added");
	make("/srv/chosen");
	(void)setenv("QLIMIT_STATE", "/srv/chosen", 1);
	configure("state = \"/srv/q\"; default = { max_per_hour = 2222; };");
	is(run(admin_load, NULL, false), EX_OK, "5 added");
	ck_assert_int_eq(essentials_read(&e, "/srv/chosen"), 0);
	ck_assert_str_eq(e.state, "");
	limit_is(" 2222 ");
	(void)setenv("QLIMIT_STATE", USUAL, 1);
	is(run(admin_show, NULL, false), EX_NOINPUT, "nothing counted yet in " USUAL);
	(void)unsetenv("QLIMIT_STATE");
	limit_is(" 1111 ");
}
END_TEST

/* Places where a load cannot succeed. */
static const char *const places[] = { "/srv/none", "/srv/others", "/srv/file" };

/* Goal (O3): a load that fails has not moved the state: the rules stay in force, in the place where they are. */
START_TEST(test_state_that_cannot_be_used)
{
	char text[100];
	struct essentials e;

	make("/srv/others");
	ck_assert_int_eq(chown("/srv/others", NOBODY, NOBODY), 0);
	harness_write("/srv/file", "", 0);
	configure("default = { max_per_hour = 1111; };");
	is(run(admin_load, NULL, false), EX_OK, "5 added");
	(void)snprintf(text, sizeof text, "state = \"%s\"; default = { max_per_hour = 2222; };",
	    places[_i]);
	configure(text);
	is(run(admin_load, NULL, false), EX_IOERR, places[_i]);
	ck_assert_int_eq(essentials_read(&e, USUAL), 0);
	ck_assert_str_eq(e.state, "");
	limit_is(" 1111 ");
}
END_TEST

/* Goal: a configuration that is wrong moves nothing either. */
START_TEST(test_state_in_a_wrong_configuration)
{
	configure("default = { max_per_hour = 1111; };");
	is(run(admin_load, NULL, false), EX_OK, "5 added");
	configure("state = \"/srv/q\"; remote = \"/srv/none\"; default = { max_per_hour = 2222; };");
	is(run(admin_load, NULL, false), EX_CONFIG, "remote = \"/srv/none\": No such file");
	limit_is(" 1111 ");
	ck_assert_int_eq(access("/srv/q/live.mdb", F_OK), -1);
	is(run(admin_status, NULL, false), EX_OK, "the last load failed");
}
END_TEST

/* Goal: status names the program that the wrapper would run. */
START_TEST(test_remote)
{
	struct essentials e;

	harness_write("/remote", "", 0);
	ck_assert_int_eq(chmod("/remote", 0755), 0);
	configure("remote = \"/remote\"; on_error = \"defer\";");
	is(run(admin_load, NULL, false), EX_OK, "5 added");
	ck_assert_int_eq(essentials_read(&e, USUAL), 0);
	ck_assert(strcmp(e.remote, "/remote") == 0 && e.defer_on_error);
	is(run(admin_status, NULL, false), EX_OK, "real program:  /remote\non error:      defer,");
	is(run(admin_status, NULL, true), EX_OK, "\"remote\":\"/remote\",\"on_error\":\"defer\",");
	ck_assert_int_eq(chmod("/remote", 0644), 0);
	is(run(admin_status, NULL, false), EX_OK,
	    "TROUBLE:       the real qmail-remote cannot be executed: /remote");
	is(run(admin_check, NULL, false), EX_CONFIG, "not an executable file");
}
END_TEST

/* Only root has a root directory of his own to give. */
Suite *
suite_elsewhere(void)
{
	Suite *s = suite_create("elsewhere");
	TCase *t = tcase_create("elsewhere");

	if (geteuid() != 0)
		return s;
	tcase_add_checked_fixture(t, enter_place, leave_place);
	tcase_add_test(t, test_state_moves);
	tcase_add_test(t, test_state_moves_back);
	tcase_add_test(t, test_state_of_the_environment);
	tcase_add_loop_test(t, test_state_that_cannot_be_used, 0, HARNESS_ROWS(places));
	tcase_add_test(t, test_state_in_a_wrong_configuration);
	tcase_add_test(t, test_remote);
	suite_add_tcase(s, t);
	return s;
}
