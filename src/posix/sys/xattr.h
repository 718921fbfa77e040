/* sys/xattr.h - no labels without SELinux */
#include <errno.h>
#define fgetxattr(fd, name, value, size) ((void)(fd), (void)(value), errno = ENOTSUP, (ssize_t)-1)
#define fsetxattr(fd, name, value, size, flags) ((void)(fd), (void)(value), errno = ENOTSUP, -1)
