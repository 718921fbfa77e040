/*
 * admin_mail_path - what the CLI says of the mail path
 */
#ifndef ADMIN_MAIL_PATH_H
#define ADMIN_MAIL_PATH_H

#include <stdbool.h>

#include "admin.h"
#include "mail_path.h"

#define ADMIN_MAIL_PATH_MAX 1500 /* bytes of what is said, with its NUL */

/* mail_path_find() where this installation has things: QMAIL/bin, and the qlimit-remote beside this program; and
 * admin_real_look(). With the rights of the caller: before admin_enter(). */
void admin_mail_path_find(const struct admin *a, struct mail_path *p);

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
