# qlimit. What a packager may set stands first; `make V=1` shows the commands.
VERSION    = 0.9.0
PREFIX     = /usr/local
SBINDIR    = $(PREFIX)/sbin
MANDIR     = $(PREFIX)/share/man
BASHCOMP   = $(PREFIX)/share/bash-completion/completions
ZSHCOMP    = $(PREFIX)/share/zsh/site-functions
SYSCONFDIR = /etc
STATEDIR   = /var/lib/qlimit
QMAIL      = /var/qmail
OWNER      = qmailr
GROUP      = qmail
DESTDIR    =
CC         = cc
OPT        = -O2 -g
HARDEN     = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
HARDEN_LD  = -pie -Wl,-z,relro,-z,now,-z,noexecstack
CFLAGS     =
LDFLAGS    =
FUZZ_SECONDS = 60
TORTURE    = 100
PARTS      = 2
V          = 0

BUILD    = build
comma   := ,
Q        = $(if $(filter 1,$(V)),,@)
WARN     = -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wformat=2 -Wundef -Wvla -Wwrite-strings -Wcast-qual -Wpointer-arith
DEFINES  = -D_DEFAULT_SOURCE -DQLIMIT_CONFIG='"$(SYSCONFDIR)/qlimit.conf"' \
           -DQLIMIT_STATE='"$(STATEDIR)"' -DQLIMIT_SBIN='"$(SBINDIR)"' -DQMAIL='"$(QMAIL)"' \
           -DQLIMIT_OWNER='"$(OWNER)"' -DQLIMIT_GROUP='"$(GROUP)"' -DQLIMIT_VERSION='"$(VERSION)"'
COMPILE  = $(CC) -std=c11 $(WARN) $(OPT) $(if $(NOHARDEN),,$(HARDEN)) -iquote include $(DEFINES) $(CFLAGS) -MMD -MP
LINK     = $(CC) $(OPT) $(CFLAGS) $(LDFLAGS)

# The wrapper runs once per message: static start-up is half the cost of dynamic. Position-independent
# where that can be (2 % dearer); STATIC=no for a dynamic one.
STATIC  := $(shell for how in -static-pie -static; do echo 'int main(void) { return 0; }' | \
             $(CC) -x c - -fPIE $$how -o /dev/null -llmdb 2>/dev/null && echo $$how && break; done)
LINK_REMOTE = $(if $(filter -static%,$(STATIC)),$(STATIC) $(filter-out -pie,$(HARDEN_LD)),$(HARDEN_LD))
# Shared by both programs; then each one's own.
COMMON = address admission booking boot bytes claims clock counters cursor day digest essentials guard head \
         hour info limits log message meter notify notify_text orders origin payers pending place policy \
         real received record report rules small_file standing store store_counters store_days store_file \
         store_lmdb store_lmdb_answer store_lmdb_env store_lmdb_tables store_rules text watch
REMOTE = $(COMMON) child delivery delivery_log envelope helper nested qlimit_remote settlement
ADMIN  = $(COMMON) admin admin_bounced admin_bounced_book admin_changes admin_check admin_column \
         admin_counts admin_disable admin_enable admin_enable_judge admin_enable_say admin_explain \
         admin_explain_json admin_file admin_history admin_load admin_mail_path admin_meter admin_metrics \
         admin_notify admin_orders admin_orders_file admin_orders_list admin_owner admin_print admin_queue \
         admin_queue_known admin_queue_list admin_replay admin_replay_print admin_report admin_report_hours \
         admin_report_html admin_report_meters admin_report_style admin_report_sums admin_reset \
         admin_show admin_show_cell admin_show_rows admin_show_state admin_show_table admin_show_watch \
         admin_status admin_status_print admin_status_problem admin_tidy admin_variable aside bounce bounce_dsn \
         bounce_qsbmf bounce_trace commands compile compile_days \
         config config_control config_domains config_entry config_hosted \
         config_rules config_scan config_source config_syntax config_users config_value file_scan front \
         front_beside front_examine front_names front_prepare front_rename front_script front_trial html \
         html_chart label linkage mail_path mime nudge options ours owner processes program qlimit queue \
         queue_files queue_table queue_text readable replay returns rspawn start_script store_returns \
         summary tally terminal timespan usage
UNITS  = $(filter-out clock qlimit qlimit_remote,$(sort $(REMOTE) $(ADMIN) store_memory))
obj    = $(patsubst %,$(BUILD)/%.o,$(1))
TESTS  = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/test_*.c tests/torture_*.c tests/harness*.c))
HELPERS = $(patsubst tests/helper_%.c,$(BUILD)/tests/%,$(wildcard tests/helper_*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))

# POSIX=1: without what only GNU and Linux have; src/posix/ is in its place.
ifdef POSIX
COMMON  += posix/posix
DEFINES += -DQLIMIT_POSIX
$(call obj,$(UNITS) clock qlimit qlimit_remote): DEFINES := $(filter-out -D_DEFAULT_SOURCE,$(DEFINES)) \
    -D_POSIX_C_SOURCE=200809L -D_XOPEN_SOURCE=700 -Isrc/posix -include posix.h
endif

all: $(BUILD)/qlimit-remote $(BUILD)/qlimit

$(BUILD)/qlimit-remote: $(call obj,$(REMOTE))
	$(Q)$(LINK) $(LINK_REMOTE) -o $@ $^ -llmdb
$(BUILD)/qlimit: $(call obj,$(ADMIN))
	$(Q)$(LINK) $(HARDEN_LD) -o $@ $^ -llmdb -lconfig

$(BUILD)/%.o: src/%.c Makefile
	$(Q)mkdir -p $(@D) && $(COMPILE) $(INSTRUMENT) -c -o $@ $<
$(BUILD)/tests/%.o: tests/%.c Makefile
	$(Q)mkdir -p $(@D) && $(COMPILE) -iquote tests -c -o $@ $<

$(BUILD)/tests/dynamic: LINK_REMOTE = $(HARDEN_LD)
# The tests' own build of both programs differs in two objects: a clock and a boot that obey the test.
# `dynamic` is qlimit-remote where there is no liblmdb.a, for what `enable` says of that.
$(BUILD)/tests/qlimit-remote $(BUILD)/tests/dynamic: $(call obj,$(filter-out clock,$(REMOTE))) $(BUILD)/tests/clock.o $(BUILD)/tests/boot.o
	$(Q)$(LINK) $(LINK_REMOTE) -Wl,--wrap=boot_id -o $@ $^ -llmdb
$(BUILD)/tests/qlimit: $(call obj,$(filter-out clock,$(ADMIN))) $(BUILD)/tests/clock.o $(BUILD)/tests/boot.o
	$(Q)$(LINK) $(HARDEN_LD) -Wl,--wrap=boot_id -o $@ $^ -llmdb -lconfig
# The same programs, whose allocations fail on demand: in the static one by --wrap, in the dynamic one in front.
WRAP_ALLOC = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
$(BUILD)/tests/alloc/wrap.o $(BUILD)/tests/alloc/front.o: tests/alloc.c tests/alloc.h Makefile
	$(Q)mkdir -p $(@D) && $(COMPILE) $(if $(findstring wrap,$@),-DALLOC_WRAP) -iquote tests -c -o $@ $<
$(BUILD)/tests/alloc/qlimit-remote: $(call obj,$(filter-out clock,$(REMOTE))) $(BUILD)/tests/clock.o $(BUILD)/tests/boot.o $(BUILD)/tests/alloc/wrap.o
	$(Q)$(LINK) $(LINK_REMOTE) -Wl,--wrap=boot_id $(WRAP_ALLOC) -o $@ $^ -llmdb
$(BUILD)/tests/alloc/qlimit: $(call obj,$(filter-out clock,$(ADMIN))) $(BUILD)/tests/clock.o $(BUILD)/tests/boot.o $(BUILD)/tests/alloc/front.o
	$(Q)$(LINK) $(HARDEN_LD) -Wl,--wrap=boot_id -o $@ $^ -llmdb -lconfig
ALLOC = $(BUILD)/tests/alloc/qlimit-remote $(BUILD)/tests/alloc/qlimit
# What can be made to fail in the unit tests: tests/harness_fail.c; read: tests/test_config_corners.c.
WRAPPED = malloc calloc realloc reallocarray read $(addprefix mdb_,env_create env_set_assert env_set_mapsize env_set_maxdbs env_open env_info \
          env_stat txn_begin txn_commit dbi_open get put del cursor_open cursor_get)
# ... and system calls: tests/harness_calls.c.
CALLS  = access chdir close dup2 fchmod fchown fdopen fdopendir flock fork fstat fstatat fsync getauxval \
         getentropy getpid getppid getrlimit kill lchown linkat mdb_env_get_fd mmap munmap nanosleep \
         pidfd_send_signal pipe2 pread pwrite readdir rename renameat setgid setgroups setuid socket \
         socketpair stat tsearch unlinkat waitid waitpid write
$(BUILD)/tests/check: $(TESTS) $(call obj,$(UNITS)) $(BUILD)/tests/clock.o
	$(Q)$(LINK) $(HARDEN_LD) $(patsubst %,-Wl$(comma)--wrap=%,$(WRAPPED) $(CALLS)) -o $@ $^ -llmdb -lconfig $(shell pkg-config --libs check)
$(HELPERS): $(BUILD)/tests/%: $(BUILD)/tests/helper_%.o
	$(Q)$(LINK) $(HARDEN_LD) -o $@ $^
$(BUILD)/tests/rspawn: $(BUILD)/tests/harness_report.o
$(BUILD)/tests/send: $(BUILD)/tests/harness_queue.o
$(BUILD)/tests/remote: $(BUILD)/tests/remote_log.o

programs: all $(BUILD)/tests/check $(BUILD)/tests/qlimit-remote $(BUILD)/tests/dynamic $(BUILD)/tests/qlimit $(HELPERS)
torture-programs: programs $(ALLOC)

check: programs
	$(Q)QLIMIT_BUILD=$(abspath $(BUILD)) sh tests/parts.sh $(PARTS) $(BUILD)/tests/check

# TORTURE: percent of the full scale, which takes most of an hour.
torture: torture-programs
	$(Q)QLIMIT_TORTURE=$(TORTURE) QLIMIT_BUILD=$(abspath $(BUILD)) $(BUILD)/tests/check

# Against a real qmail: the one in QMAIL, or one built for QMAIL that lies in QMAIL_TREE. tests/qmail/run.sh
# says when it is skipped. SCENARIOS: some of them, by name.
QMAIL_TREE = $(QMAIL)
check-qmail: all $(BUILD)/tests/qlimit-remote $(BUILD)/tests/qlimit
	$(Q)sh tests/qmail/run.sh $(BUILD) $(QMAIL) $(QMAIL_TREE) $(SCENARIOS)

demo: all $(HELPERS)
	$(Q)QLIMIT_BUILD=$(abspath $(BUILD)) sh tests/demo.sh

# Dynamic and unhardened, as the sanitizers want it. What is freed is kept for some time, and with every fork(2) of
# a test the kernel has to copy the map of that: 8 MiB are as good as 256, and a third faster.
asan:
	$(Q)ASAN_OPTIONS=quarantine_size_mb=8 $(MAKE) BUILD=build/asan STATIC=no NOHARDEN=1 OPT='-O1 -g' HARDEN_LD= \
	    CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
	    check

valgrind:
	$(Q)$(MAKE) --no-print-directory BUILD=build/valgrind STATIC=no OPT='-O1 -g' programs
	$(Q)sh tests/valgrind.sh build/valgrind

# Which lines and branches of src/ the tests run, by gcc's gcov; tests/coverage.c tells how. At -O0, for
# what the optimiser makes of a line is not what was written.
COVERAGE = BUILD=build/coverage CC=gcc OPT='-O0 -g' HARDEN=-fPIE \
           INSTRUMENT='--coverage -fprofile-update=atomic -fdata-sections' \
           LDFLAGS='-DCOUNTERS=\"$$(abspath $$@).counts\" tests/coverage.c -Wl,-T,tests/coverage.ld \
               -Wl,--wrap=__gcov_exit,--wrap=__gcov_fork,--wrap=__gcov_execve \
               -Wl,-u,__gcov_init,-u,__gcov_merge_add -lgcov'
coverage:
	$(Q)$(MAKE) --no-print-directory $(COVERAGE) torture-programs
	$(Q)sh tests/coverage.sh build/coverage

lint:
	$(Q)cd src && for page in *.[58]; do mandoc -Tlint -W style $$page || exit 1; done
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -Iinclude \
	    --enable=warning,performance,portability $(subst -D_DEFAULT_SOURCE,,$(DEFINES)) src
	$(Q)shellcheck $(wildcard tests/*.sh tests/*/*.sh .ci/run contrib/notify/* contrib/completion/*.bash \
	    contrib/dnsbl/qlimit-dnsbl contrib/panel/* contrib/*.sh contrib/debian/p* contrib/debian/tests/smoke)
	$(Q)$(MAKE) --no-print-directory -j2 $(LINTED)

# clang-tidy and gcc -fanalyzer, file by file (not the fuzz targets, which run under sanitizers); what is left
# out and why: .clang-tidy, tests/.clang-tidy.
LINTED  = $(patsubst %.c,build/lint/%.o,$(wildcard src/*.c src/posix/*.c tests/*.c tests/bench/*.c))
LINT_AS = -std=c11 -iquote include -iquote tests $(DEFINES) -DCOUNTERS='"counts"'
$(LINTED): build/lint/%.o: %.c .clang-tidy tests/.clang-tidy Makefile
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(LINT_AS) 2>$@.said || { cat $@.said; exit 1; }
	$(Q)gcc -fanalyzer -fanalyzer-verbosity=1 -Werror $(LINT_AS) $(LEAKS) -MMD -MP -c -o $@ $<
$(filter build/lint/tests/bench/%,$(LINTED)): LINT_AS = -std=c11 -D_GNU_SOURCE -Iinclude
# gcc 12 loses sight of what is put into an array: leaks and what is unset in these is for asan and valgrind.
build/lint/src/admin_history.o build/lint/src/config_domains.o build/lint/src/store_memory.o build/lint/tests/torture_disk.o: LEAKS = -Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value

# FUZZ_SECONDS for each target. What breaks one is kept in build/fuzz.
fuzz: $(FUZZERS)
	$(Q)sh tests/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(notdir $(FUZZERS))
FUZZ_CC = clang -std=c11 -g -O2 -fno-sanitize-recover=all -iquote include -iquote src -iquote tests $(DEFINES) -MMD -MP
FUZZ_OBJ = $(patsubst %,$(BUILD)/fuzz/src/%.o,$(UNITS) clock)
$(FUZZERS): $(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJ)
	$(Q)$(FUZZ_CC) $(WARN) -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -o $@ $< $(FUZZ_OBJ) -llmdb -lconfig
$(BUILD)/fuzz/src/%.o: src/%.c Makefile
	$(Q)mkdir -p $(@D) && $(FUZZ_CC) -fsanitize=$(FUZZ_GUIDED)address,undefined -c -o $@ $<
# Loops that teach the fuzzer nothing, and would cost it most of its time.
FUZZ_GUIDED = fuzzer-no-link,
$(patsubst %,$(BUILD)/fuzz/src/%.o,bytes digest store_memory): FUZZ_GUIDED =

bench: all
	$(Q)$(MAKE) --no-print-directory -C tests/bench BUILD=$(abspath $(BUILD)) CC=$(CC)

install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(SYSCONFDIR) $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	for p in qlimit-remote qlimit; do \
	    install -m 755 $(BUILD)/$$p $(DESTDIR)$(SBINDIR)/$$p.new && \
	    mv -f $(DESTDIR)$(SBINDIR)/$$p.new $(DESTDIR)$(SBINDIR)/$$p || exit 1; done
	install -m 644 src/qlimit-remote.8 src/qlimit.8 $(DESTDIR)$(MANDIR)/man8/
	install -m 644 src/qlimit.conf.5 $(DESTDIR)$(MANDIR)/man5/
	install -d $(DESTDIR)$(BASHCOMP) $(DESTDIR)$(ZSHCOMP)
	install -m 644 contrib/completion/qlimit.bash $(DESTDIR)$(BASHCOMP)/qlimit
	install -m 644 contrib/completion/_qlimit $(DESTDIR)$(ZSHCOMP)/_qlimit
	test -e $(DESTDIR)$(SYSCONFDIR)/qlimit.conf || \
	    install -m 644 etc/qlimit.conf $(DESTDIR)$(SYSCONFDIR)/qlimit.conf
	install -d -m 700 $(DESTDIR)$(STATEDIR)
	@if [ -z "$(DESTDIR)" ] && id $(OWNER) >/dev/null 2>&1; then chown $(OWNER):$(GROUP) $(STATEDIR); \
	else echo "next: chown -R $(OWNER):$(GROUP) $(STATEDIR)"; fi

# Without it, a qmail that still runs it bounces all mail: if it cannot be taken out of the mail path this ends here.
uninstall:
	@if [ -z "$(DESTDIR)" ] && [ -x $(SBINDIR)/qlimit ]; then $(SBINDIR)/qlimit disable; fi
	rm -f $(DESTDIR)$(SBINDIR)/qlimit-remote $(DESTDIR)$(SBINDIR)/qlimit
	rm -f $(DESTDIR)$(MANDIR)/man8/qlimit-remote.8 $(DESTDIR)$(MANDIR)/man8/qlimit.8
	rm -f $(DESTDIR)$(MANDIR)/man5/qlimit.conf.5 $(DESTDIR)$(BASHCOMP)/qlimit $(DESTDIR)$(ZSHCOMP)/_qlimit
	@echo "kept: $(DESTDIR)$(SYSCONFDIR)/qlimit.conf $(DESTDIR)$(STATEDIR)"

deb rpm:
	$(Q)sh contrib/package.sh $@ build/$@ $(VERSION)
# Needs root, the network of apt, debootstrap, debhelper and rpm.
check-packages: deb rpm
	$(Q)sh tests/packages.sh build/deb build/rpm

clean:
	rm -rf build

.PHONY: all programs torture-programs demo check check-qmail check-packages torture asan valgrind coverage lint fuzz bench \
        install uninstall deb rpm clean
-include $(wildcard $(BUILD)/*.d $(BUILD)/tests/*.d $(BUILD)/tests/alloc/*.d $(BUILD)/fuzz/*.d $(BUILD)/fuzz/src/*.d $(LINTED:.o=.d))
