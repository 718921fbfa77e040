/*
 * admin_enable - the commands `enable` and `disable`: what they have in common, and the parts of `enable`
 */
#ifndef ADMIN_ENABLE_H
#define ADMIN_ENABLE_H

#include "admin.h"
#include "front.h"
#include "mail_path.h"

#define ADMIN_BIN QMAIL "/bin" /* qmail's programs */

/*
 * Opens and locks ADMIN_BIN and looks at the mail path. For root. An exit status: EX_OK, and *f for front_close(); or
 * another one after saying on standard error what is wrong.
 */
int admin_enable_begin(const struct admin *a, struct front *f, struct mail_path *p);

/* Says what front has as its problem; ends it. EX_CONFIG; EX_IOERR where that is f->in_doubt: it is changed. */
int admin_enable_refuse(struct front *f);

/* Logs what has become of the mail path: "enabled", "updated" or "disabled". */
void admin_enable_log(const char *change);

/*
 * What the qmail-rspawns that run say against qlimit-remote by name; of s/qmail also the control files. EX_OK; or
 * another exit status after saying on standard error which of them, and what to do by hand. Changes nothing.
 */
int admin_enable_judge_rspawns(const struct front *f, const struct mail_path *p);

/*
 * Whether what is set as the real program may be run by what becomes qmail-remote: nothing is, or another name of
 * qmail-remote, f->kept among them. The configuration is read by a process that has become the owner of the state
 * directory, which is made where it is missing: root stays root. After front_examine(). EX_OK; or another exit
 * status after saying what is wrong.
 */
int admin_enable_judge_remote(const struct admin *a, const struct front *f);

/*
 * Says that the mail path is so now: `what` ("enabled"), by looking once more; what will run, under which rules, and
 * what to do next. Becomes the owner of the state directory, without a way back. EX_OK; or another exit status after
 * saying on standard error what is wrong: above all that qlimit-remote will find no program to run.
 */
int admin_enable_say(struct admin *a, const char *what);

/*
 * Warns on standard error where the qlimit-remote at `ours` needs shared libraries (linkage.h): without one it ends
 * with 127, at which qmail bounces the mail, and nothing of ours can catch that. Where it cannot be told nothing is
 * said.
 */
void admin_enable_warn(const char *ours);

/* `enable --variable`: changes nothing, says what to write into which start script. An exit status. */
int admin_enable_variable(const struct admin *a);

#endif
