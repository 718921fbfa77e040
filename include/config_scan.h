/*
 * config_scan - the text of qlimit.conf made so that libconfig cannot misread it
 *
 * What libconfig takes silently, or rejects with no more than "syntax error", is found here:
 *   - numbers. 1.5 reads 4294967396 as 100, 1.7 reads 010 as 8, both read 0x10 and 5L. Whatever is
 *     not a plain decimal int is passed on as a string (CONFIG_SYNTAX_NUMBER), so that the check
 *     of the setting can say what is allowed and show what stands there;
 *   - a string or a comment without its end, which 1.5 accepts at the end of a file; a text
 *     with \x00 in it, which 1.5 drops and 1.7 takes for the end;
 *   - brackets that do not match or are too many, settings that are set twice: config_syntax.h;
 *   - @include: loops, depth, files that cannot be read. A relative name is looked for beside the
 *     main file, wherever the @include stands, as libconfig does with its include directory.
 * Comments are left out of the text.
 */
#ifndef CONFIG_SCAN_H
#define CONFIG_SCAN_H

#include "config_source.h"

#define CONFIG_SCAN_INCLUDES 10 /* files open at once, the main one not counted */

/*
 * Adds the file at `path`, and what it includes, to the text. After a syntax error the text ends
 * with the last whole setting before it and is marked incomplete.
 */
void config_scan(struct config_source *source, const char *path);

#endif
