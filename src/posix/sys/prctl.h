/* sys/prctl.h - a child is not ended with its parent: only Linux and FreeBSD (procctl(2)) can do that */
#define PR_SET_PDEATHSIG 1
#define prctl(what, number) ((void)(what), (void)(number), 0)
