/*
 * admin_mail_path - what the CLI says of the mail path
 */
#ifndef ADMIN_MAIL_PATH_H
#define ADMIN_MAIL_PATH_H

#include <stdbool.h>

#include "admin.h"
#include "mail_path.h"

#define ADMIN_MAIL_PATH_MAX 1500 /* bytes of what is said, with its NUL */

/* Where this installation has things: QMAIL/bin, and the qlimit-remote beside this program. */
void admin_mail_path_find(const struct admin *a, struct mail_path *p);

/* In one word, for --json: no, name, variable, both, some, unknown. */
const char *admin_mail_path_word(const struct mail_path *p);

/* In a sentence, and what to do where something is; its characters are printable. Returns `out`. */
const char *admin_mail_path_say(char out[ADMIN_MAIL_PATH_MAX], const struct mail_path *p);

/* Whether what is said is a trouble: what is not known is none where a delivery was counted in the last 24 hours. */
bool admin_mail_path_is_bad(const struct mail_path *p, bool counted_lately);

#endif
