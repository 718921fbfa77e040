/* sys/pidfd.h - only Linux has it: kill(2) instead, as nudge.c does where the call is missing */
#include <errno.h>
#define pidfd_send_signal(process, number, info, flags) ((void)(process), (void)(info), errno = ENOSYS, -1)
