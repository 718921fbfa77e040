/* admin_column - the column of names in a table: padded, and on a terminal cut to what the others leave */
#include "admin_column.h"

#include <stdio.h>
#include <string.h>

#include "admin_show.h"
#include "terminal.h"

#define MOST_FOR_SCRIPTS 60
#define LEAST 12 /* on a terminal: lines are rather too long than without names */

void
admin_column_fit(struct admin_column *c, size_t longest, int others)
{
	int most = MOST_FOR_SCRIPTS;

	c->screen = terminal_is_there();
	c->utf8 = terminal_is_utf8();
	if (c->screen)
		most = terminal_width() - others > LEAST ? terminal_width() - others : LEAST;
	c->width = longest < (size_t)most ? (int)longest : most;
}

void
admin_column_print(const struct admin_column *c, char *name, unsigned kind)
{
	int used = (int)strlen(name);

	if (c->screen)
		used = (int)admin_show_cut(name, (size_t)c->width, kind, c->utf8);
	(void)printf("%s%*s", name, used < c->width ? c->width - used : 0, "");
}
