/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/lifecycle-step.h"

bool lifecycle_has_outcome(enum lifecycle_action action)
{
	return action == LIFECYCLE_ACT_RECORD || action == LIFECYCLE_ACT_RUN ||
	       action == LIFECYCLE_ACT_HOLD || action == LIFECYCLE_ACT_JUDGE ||
	       action == LIFECYCLE_ACT_WRITE_FILE || action == LIFECYCLE_ACT_PUBLISH_FILE ||
	       action == LIFECYCLE_ACT_RESTART || action == LIFECYCLE_ACT_DRAIN ||
	       action == LIFECYCLE_ACT_SPEND_FILE;
}
