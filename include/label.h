/*
 * label - the SELinux context of a file
 *
 * A new file has its directory's. Where qmail's programs have one of their own, qmail-rspawn may not be allowed to
 * execute another, which root's trial would not notice, and all mail would bounce.
 */
#ifndef LABEL_H
#define LABEL_H

#define LABEL_MAX 1024 /* bytes of a label; a longer one is an error */

/* Gives the file behind `to` the label of that behind `from`, if that has one and it is another. 0; -1 with errno. */
int label_copy(int from, int to);

#endif
