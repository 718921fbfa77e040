/*
 * admin_check - what is wrong with a configuration, and what is in it; for check and load
 *
 * With --json each finding is an object on standard output, else a line on standard error.
 */
#ifndef ADMIN_CHECK_H
#define ADMIN_CHECK_H

#include "admin.h"
#include "compile.h"

struct admin_findings {
	bool json;                    /* the caller's to set */
	size_t errors, warnings;      /* with errors it must not be used */
	char why[STORE_NOTE_MAX + 1]; /* the first error; empty without one, or where nothing could be read */
};

/* Says what is wrong with what config_load(path) has returned, NULL (with errno) too. */
void admin_findings_judge(struct admin_findings *f, const struct config *config, const char *path);

/* Says in words what is in a configuration without errors. */
void admin_check_summary(const struct config *config);

/* The last object of --json; `config` is looked at only without errors, `changes` are a load's, or NULL. */
void admin_check_total(const struct admin_findings *f, const char *path, const struct config *config,
    const struct compile_changes *changes);

#endif
