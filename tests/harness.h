/*
 * harness - a private place to run both programs in, and everything to look at what they did
 *
 * One place per process: harness_start() first, harness_end() last (a test that fails in between leaves
 * its directory to harness_main.c). Every call aborts the running test when it cannot do its work.
 * Strings that are returned live until harness_end(). Programs come from $QLIMIT_BUILD/tests: qlimit,
 * qlimit-remote and remote.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 2026-11-21 17:30:00 UTC, what the clock says at first: no test meets an hour's end by chance. */
#define HARNESS_NOW INT64_C(1795282200)

/* The place: qlimit.conf (not there at first), state/, queue/mess/0 to 22, syslog, calls, script. */
void harness_start(void);
void harness_end(void);

/* The absolute path of something in the place, or of a program among the built ones. */
const char *harness_path(const char *name);
const char *harness_program(const char *name);

/* The time of day in every program that is started from now on: seconds since 1970. */
void harness_set_time(int64_t now);

/* Writes the configuration, by rename(2); the next delivery or load sees it. */
void harness_config(const char *text);

/* What a program wrote and how it ended. */
struct harness_output {
	int status; /* exit status, or the negative number of the signal */
	const char *out;
	const char *err;
};

/* Runs `qlimit` with these words: harness_cli("show", "--json"). */
#define harness_cli(...) harness_cli_words((const char *const[]){ __VA_ARGS__, NULL })
struct harness_output harness_cli_words(const char *const *words);

/* Runs any program with this argv in the same way. */
struct harness_output harness_run_words(const char *program, const char *const *argv);

/* It ended with this status, and its output and its errors contain these words ("": whatever they are). */
void harness_is(struct harness_output o, int status, const char *out, const char *err);

/*
 * `qlimit load`; harness_rules() writes a configuration first, with a deadline of a minute if it names none,
 * and it must load.
 */
struct harness_output harness_load(void);
void harness_rules(const char *text);

/*
 * Queues a message as qmail-queue does (harness_queue.h) and returns its name below queue/mess.
 * `origin` NULL means "by uid 1000", `text` NULL a short message.
 */
const char *harness_message(const char *origin, const char *text);

/* What came of one run of a remote. */
struct harness_delivery {
	char letter;       /* what qmail records: K, Z or D */
	const char *text;  /* ... and the text behind the letter */
	const char *bytes; /* what was written to fd 1 and 2 */
	size_t length;
	int wait_status; /* of waitpid(2) */
};

/* A delivery to run. Members left out have the meaning given for NULL and 0. */
struct harness_attempt {
	const char *program;     /* NULL: qlimit-remote */
	const char *const *argv; /* NULL: qmail-remote, the host of `recipient`, sender, recipient */
	const char *message;     /* as harness_message() returned it; NULL: `input` is fd 0 */
	const char *sender, *recipient;
	int input;
};

struct harness_run;

/*
 * Starts a remote exactly as qmail-rspawn does: fd 0 a fresh open of the message, fd 1 and 2 one pipe,
 * nothing else open, cwd queue/mess, SIGPIPE ignored, SIGCHLD blocked, umask 077. Then waits until
 * the pipe has ended and the process is gone. Any number may run at once.
 */
struct harness_run *harness_attempt_start(const struct harness_attempt *attempt);
struct harness_delivery harness_attempt_finish(struct harness_run *run);
pid_t harness_attempt_pid(const struct harness_run *run);

/* The same for plain deliveries, for an argv of one's own, and both steps in one. */
struct harness_run *harness_deliver_start(const char *message, const char *sender,
    const char *recipient);
struct harness_delivery harness_deliver_finish(struct harness_run *run);
struct harness_delivery harness_deliver(const char *message, const char *sender,
    const char *recipient);
struct harness_delivery harness_deliver_argv(const char *message, const char *const *argv);

/* What the remote does from now on (helper_remote.c); NULL: what the recipients' local parts say. */
void harness_script(const char *text);

/* Lets the remotes whose script, the one written last, says "await go" go on. */
void harness_go(void);

/*
 * The remote's runs so far, and one value of one of them, unescaped (remote_log.h has the keys); NULL
 * where there is no such run or key.
 */
size_t harness_calls(void);
const char *harness_call(size_t index, const char *key);

/*
 * How many lines that contain these words were sent to syslog since the start (NULL: all), and one
 * of those; NULL where there are not so many. A kernel queue holds as few as 10 lines between two
 * looks, and a delivery looks while it waits: only what runs one at a time is sure to be complete.
 */
size_t harness_log_lines(const char *containing);
const char *harness_log_line(const char *containing, size_t index);

/* One meter's line of `qlimit show --json`. */
struct harness_counters {
	bool found;
	char hour[40];
	uint64_t admitted, sent, deferred, failed, unreached, held, refused, discarded, returned, bytes, max_per_hour;
	char state[80];
};

/* `name` "" for the kinds that have one meter. All zero where there is no such line. */
struct harness_counters harness_counters(const char *kind, const char *name);

/* Removes a directory and everything below it; 0, or -1 with errno. */
int harness_remove_tree(const char *path);

#endif
