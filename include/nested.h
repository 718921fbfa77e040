/*
 * nested - how many qlimit-remotes one delivery goes through
 *
 * Two are right: one that $QMAILREMOTE names, and one of another version that is qmail-remote. But whatever is set as
 * the real program may run qmail-remote in its turn, and where that is qlimit-remote, one delivery would start
 * processes without end. No name and no inode tells that beforehand, so each one leaves a mark in the environment
 * of what it runs.
 */
#ifndef NESTED_H
#define NESTED_H

#define NESTED_MOST 3         /* of us, one behind the other */
#define NESTED_ENTRIES 1000   /* of an environment; a longer one stays as it is, without a mark */

/*
 * The environment for the real program: `envp`, and QLIMIT_NESTED=N, the N-th of us having marked it. NULL where
 * there are NESTED_MOST already. Static; of each string only its address is copied.
 */
char *const *nested_mark(char *const *envp);

#endif
