# SPDX-License-Identifier: BSD-3-Clause
#
# psci_hibernate, a module for guests with older kernels.

KERNELS ?= 6.12 6.1

module: ## psci_hibernate.ko for Debian's kernels KERNELS="6.12 6.1"
	$(Q)$(foreach series,$(KERNELS),tools/build-module $(series) &&) true

.PHONY: module
