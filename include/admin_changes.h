/*
 * admin_changes - what `qlimit load` says of the rules that are different
 */
#ifndef ADMIN_CHANGES_H
#define ADMIN_CHANGES_H

#include "compile.h"

/* Starts a list; `others` are the new limits of `default`. */
void admin_changes_start(const struct limits *others);

/* Prints one change, the first few of them; none of a domain that merely is as `default`. */
compile_told admin_changes_told;

/* Likewise each of them, as an object of --json. */
compile_told admin_changes_told_json;

/* Prints how many there were. */
void admin_changes_print(const struct compile_changes *changes);

#endif
