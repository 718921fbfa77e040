/*
 * suites - every suite of tests; a new one is one line in this list
 */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

#define SUITES(suite) \
	suite(pure) \
	suite(payers) \
	suite(allowances) \
	suite(explain) \
	suite(orders) \
	suite(order_commands) \
	suite(notices) \
	suite(policy) \
	suite(report) \
	suite(head) \
	suite(store) \
	suite(watch) \
	suite(library) \
	suite(place) \
	suite(guard) \
	suite(child) \
	suite(resorts) \
	suite(edges) \
	suite(damaged) \
	suite(corners) \
	suite(wrapper) \
	suite(storm) \
	suite(hearing) \
	suite(faults) \
	suite(wild) \
	suite(damage) \
	suite(newer) \
	suite(mounts) \
	suite(locks) \
	suite(starts) \
	suite(first) \
	suite(attacks) \
	suite(summary) \
	suite(replay) \
	suite(summary_faults) \
	suite(html) \
	suite(metrics) \
	suite(notify) \
	suite(notify_command) \
	suite(notify_contrib) \
	suite(contrib_cron) \
	suite(contrib_dnsbl) \
	suite(contrib_panel) \
	suite(show) \
	suite(show_watch) \
	suite(status) \
	suite(cli) \
	suite(completion) \
	suite(cli_json) \
	suite(cli_corners) \
	suite(admin_corners) \
	suite(elsewhere) \
	suite(many) \
	suite(queue_text) \
	suite(queue) \
	suite(queue_faults) \
	suite(nudge) \
	suite(mail_path) \
	suite(linkage) \
	suite(front) \
	suite(enable) \
	suite(enable_refused) \
	suite(enable_variable) \
	suite(enable_wrapper) \
	suite(enable_status) \
	suite(enable_calls) \
	suite(enable_faults) \
	suite(owner) \
	suite(walkthrough) \
	suite(bounce) \
	suite(bounced) \
	suite(config) \
	suite(config_hosted) \
	suite(config_payers) \
	suite(config_refused) \
	suite(config_corners) \
	suite(config_faults)

#define SUITE_DECLARE(name) Suite *suite_##name(void);
SUITES(SUITE_DECLARE)

#endif
