# SPDX-License-Identifier: BSD-3-Clause
#
# Installation. The variables are explained at the top of the Makefile.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share/dormouse
DOCDIR ?= $(PREFIX)/share/doc/dormouse
MANDIR ?= $(PREFIX)/share/man
LIBRARY ?= native

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
installed_programs := $(O)/arm64/dormouse:$(BINDIR)/dormouse

# From and to, of each FILE:WHERE.
from = $(firstword $(subst :, ,$1))
to = $(DESTDIR)$(lastword $(subst :, ,$1))

.PHONY: $(O)/libpsci.pc
$(O)/libpsci.pc: dist/libpsci.pc.in
	@mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(PREFIX)|; s|@includedir@|$(INCLUDEDIR)|; s|@libdir@|$(LIBDIR)|' \
		-e 's|@version@|$(version)|' $< >$@

install: $(foreach f,$(installed) $(installed_programs),$(call from,$f)) ## headers, libpsci, dormouse, psci-conform.img, man pages, documents
	$(Q)set -e; $(foreach f,$(installed),install -D -m 644 $(call from,$f) $(call to,$f);) \
		$(foreach f,$(installed_programs),install -D -m 755 $(call from,$f) $(call to,$f);)

uninstall: ## remove what install with the same variables put there
	$(Q)rm -f $(foreach f,$(installed) $(installed_programs),$(call to,$f))
	$(Q)for dir in $(INCLUDEDIR)/psci $(DATADIR) $(DOCDIR)/examples $(DOCDIR); do \
		if [ -d "$(DESTDIR)$$dir" ]; then rmdir --ignore-fail-on-non-empty "$(DESTDIR)$$dir"; fi; done

.PHONY: install uninstall
