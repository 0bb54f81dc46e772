# SPDX-License-Identifier: BSD-3-Clause
#
# Installation, and packages. The variables are explained at the top of the Makefile.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share/dormouse
DOCDIR ?= $(PREFIX)/share/doc/dormouse
MANDIR ?= $(PREFIX)/share/man
LIBEXECDIR ?= $(PREFIX)/libexec/dormouse
SYSTEMDDIR ?= $(PREFIX)/lib/systemd
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
LIBRARY ?= native
LINKED ?= static

version = $(or $(shell sed -n 's/^.define DORMOUSE_VERSION "\(.*\)"$$/\1/p' vmm/base/version.h), \
	$(error vmm/base/version.h does not define DORMOUSE_VERSION))
# FILE:WHERE, of what is copied as it is.
installed := $(foreach f,$(sort $(wildcard include/psci/*.h)),$(f):$(INCLUDEDIR)/psci/$(notdir $f)) \
	$(O)/$(LIBRARY)/libpsci.a:$(LIBDIR)/libpsci.a \
	$(O)/libpsci.pc:$(LIBDIR)/pkgconfig/libpsci.pc \
	$(O)/payload/psci-conform.img:$(DATADIR)/psci-conform.img \
	$(foreach f,$(sort $(wildcard man/*.[1-9])),$(f):$(MANDIR)/man$(subst .,,$(suffix $f))/$(notdir $f)) \
	$(foreach f,README.md CHANGELOG.md LICENSE $(sort $(wildcard docs/*.md)),$(f):$(DOCDIR)/$(notdir $f)) \
	$(foreach f,$(sort $(wildcard examples/*.[chS] examples/*.ld)),$(f):$(DOCDIR)/examples/$(notdir $f))
installed += $(O)/units/system/dormouse@.service:$(SYSTEMDDIR)/system/dormouse@.service \
	$(O)/units/system/dormouse-resume.service:$(SYSTEMDDIR)/system/dormouse-resume.service \
	$(O)/units/user/dormouse@.service:$(SYSTEMDDIR)/user/dormouse@.service \
	$(O)/units/user/dormouse-resume.service:$(SYSTEMDDIR)/user/dormouse-resume.service \
	dist/systemd/sysusers.conf:$(SYSUSERSDIR)/dormouse.conf \
	dist/dormouse.bash:$(COMPLETIONDIR)/dormouse
installed_programs := $(O)/arm64/$(if $(filter shared,$(LINKED)),shared/)dormouse:$(BINDIR)/dormouse \
	dist/systemd/dormouse-unit:$(LIBEXECDIR)/dormouse-unit

# From and to, of each FILE:WHERE.
from = $(firstword $(subst :, ,$1))
to = $(DESTDIR)$(lastword $(subst :, ,$1))

.PHONY: $(O)/libpsci.pc
$(O)/libpsci.pc: dist/libpsci.pc.in
	@mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(PREFIX)|; s|@includedir@|$(INCLUDEDIR)|; s|@libdir@|$(LIBDIR)|' \
		-e 's|@version@|$(version)|' $< >$@

# Each at every time, since the variables may have changed.
$(O)/units/system/%: dist/systemd/%.in always
	@mkdir -p $(@D)
	$(Q)sed -e 's|@libexecdir@|$(LIBEXECDIR)|' $< >$@

$(O)/units/user/%: dist/systemd/user-%.in always
	@mkdir -p $(@D)
	$(Q)sed -e 's|@libexecdir@|$(LIBEXECDIR)|' $< >$@

always:

install: $(foreach f,$(installed) $(installed_programs),$(call from,$f)) ## headers, libpsci, dormouse, psci-conform.img, man pages, documents
	$(Q)set -e; $(foreach f,$(installed),install -D -m 644 $(call from,$f) $(call to,$f);) \
		$(foreach f,$(installed_programs),install -D -m 755 $(call from,$f) $(call to,$f);)

uninstall: ## remove what install with the same variables put there
	$(Q)rm -f $(foreach f,$(installed) $(installed_programs),$(call to,$f))
	$(Q)for dir in $(INCLUDEDIR)/psci $(DATADIR) $(DOCDIR)/examples $(DOCDIR) $(LIBEXECDIR); do \
		if [ -d "$(DESTDIR)$$dir" ]; then rmdir --ignore-fail-on-non-empty "$(DESTDIR)$$dir"; fi; done

deb: $(O)/arm64/shared/dormouse lib payload el3 relay ## Debian packages: dormouse, libpsci-dev, psci-conform, psci-hibernate-dkms
	$(Q)O=$(O) tools/make-deb

.PHONY: install uninstall deb always
