/*
 * admin_mail_path - what the CLI says of the mail path
 */
#ifndef ADMIN_MAIL_PATH_H
#define ADMIN_MAIL_PATH_H

#include <stdbool.h>

#include "admin.h"
#include "mail_path.h"

#define ADMIN_MAIL_PATH_MAX 1500 /* bytes of what is said, with its NUL */

/*
 * mail_path_find() where this installation has things: QMAIL/bin, and the qlimit-remote beside this program. And this
 * process takes itself for QMAIL/bin/qmail-remote from then on where that is a qlimit-remote, of whatever version,
 * else for the installed one (real_set_self()). Before admin_enter(): qmailr may run what only root can read.
 */
void admin_mail_path_find(const struct admin *a, struct mail_path *p);

/*
 * Which program a delivery will run: after that, in the wrapper's name. Writes the path of the real program to `path`
 * (PLACE_PATH_MAX + 1 bytes), by $QLIMIT_REMOTE, `remote` as it is in force, or looking (real_find()). NULL; or what
 * is wrong, in words that are not to be freed, as real_find() has them. Looked for with the rights of the caller: to
 * find what mail finds, admin_enter() first.
 */
const char *admin_mail_path_real(const struct admin *a, char *path);

/* In one word, for --json: no, name, variable, both, some, unknown. */
const char *admin_mail_path_word(const struct mail_path *p);

/* In a sentence, and what to do where something is; its characters are printable. Returns `out`. */
const char *admin_mail_path_say(char out[ADMIN_MAIL_PATH_MAX], const struct mail_path *p);

/*
 * Whether what is said is a trouble. What is not known is none where a delivery was counted in the last 24 hours, and
 * since QMAIL/bin/qmail-remote is the program that it is: for that came through qlimit-remote by $QMAILREMOTE.
 */
bool admin_mail_path_is_bad(const struct mail_path *p, int64_t last_delivery, int64_t now);

/*
 * For `disable`, whose last step it is, as it becomes the owner of the state directory: whether by the same
 * conclusion $QMAILREMOTE names qlimit-remote in a place that is not known, while no qmail-rspawn runs that would tell.
 */
bool admin_mail_path_is_left(struct admin *a, const struct mail_path *p);

#endif
